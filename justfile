# `just verify` only reads, `just fix` only writes; `cargo xtask …` does the same without just.

default: verify

verify:
    cargo xtask verify

fix:
    cargo xtask fix

test:
    ./test

docs:
    cargo doc --workspace --no-deps --open

bench:
    bench/run
