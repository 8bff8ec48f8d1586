//! Pages of studies: what is drawn where, and that texts stay texts.

use dirigent_core::Timestamp;

use super::*;

fn page(blocks: Vec<Block<'_>>) -> String {
    let section = StudySection { id: "part", title: "Part", blocks };
    render_study(&Study {
        title: "<b>look</b>",
        facts: vec![("Symbols", "A & B".into())],
        warnings: &["take <care>".to_owned()],
        sections: vec![section],
    })
}

#[test]
fn texts_are_never_markup_and_nothing_is_run_or_fetched() {
    let rows = vec![vec![Cell::Text("<i>x".into()), Cell::Figure(None, Format::Ratio)]];
    let table = Table { label: "<t>".into(), head: vec!["Name", "Figure"], rows };
    let page =
        page(vec![Block::Heading("<h>".into()), Block::Note("<p>".into()), Block::Table(table)]);
    for text in ["&lt;b&gt;look", "A &amp; B", "take &lt;care&gt;", "&lt;i&gt;x", "&lt;h&gt;"] {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains("<td>–</td>"), "{page}");
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("style="));
}

#[test]
fn regimes_stand_behind_the_price() {
    let time: Vec<Timestamp> =
        (0..5).map(|day| Timestamp::from_nanos(day * 86_400_000_000_000)).collect();
    let names = ["calm".to_owned(), "wild".to_owned()];
    let label = [None, Some(0), Some(0), Some(1), Some(1)];
    let level = vec![1.0, 2.0, 1.0, 4.0, 2.0];
    let of = Regimes { time: &time, level, label: &label, names: &names };
    let page = page(vec![Block::Picture(Picture::Regimes(of), "caption".into())]);
    assert!(page.contains("<i class=\"swatch k1\"></i>wild"));
    // Bars are 232.5 wide: calm is from the second to the fourth, wild from there on.
    assert!(
        page.contains("class=\"k0\" fill-opacity=\"0.22\" x=\"302.5\" y=\"10\" width=\"465.0\"")
    );
    assert!(
        page.contains("class=\"k1\" fill-opacity=\"0.22\" x=\"767.5\" y=\"10\" width=\"232.5\"")
    );
    assert!(
        page.contains("d=\"M70.0 316.0L302.5 163.0L535.0 316.0L767.5 10.0L1000.0 163.0\""),
        "{page}"
    );
}

#[test]
fn cells_are_as_strong_as_their_correlation() {
    let cells = [vec![Some(1.0), Some(-0.4)], vec![Some(-0.4), None]];
    let of = Heat { names: vec!["A", "B"], cells: &cells };
    let page = page(vec![Block::Picture(Picture::Heat(of), String::new())]);
    assert_eq!(page.matches("class=\"k1\" fill-opacity=\"0.26\"").count(), 2);
    assert_eq!(page.matches("class=\"k0\" fill-opacity=\"0.65\"").count(), 1);
    assert!(page.contains(">−0.40</text>"));
}

#[test]
fn bars_grow_from_zero() {
    let series = vec![("mean", vec![Some(0.01), Some(-0.01), None])];
    let groups = ["a", "b", "c"].map(str::to_owned).to_vec();
    let of = Bars { label: "bars", groups, series };
    let page = page(vec![Block::Picture(Picture::Bars(of), String::new())]);
    assert!(
        page.contains("class=\"up\" x=\"116.5\" y=\"10.0\" width=\"215.0\" height=\"103.0\""),
        "{page}"
    );
    assert!(page.contains("class=\"down\" x=\"426.5\" y=\"113.0\""), "{page}");
}

#[test]
fn nothing_is_no_picture() {
    let nothing = Distribution { returns: &[] };
    let empty = Regimes { time: &[], level: Vec::new(), label: &[], names: &[] };
    let page = page(vec![
        Block::Picture(Picture::Distribution(nothing), String::new()),
        Block::Picture(Picture::Regimes(empty), String::new()),
    ]);
    assert!(!page.contains("<svg"));
    let still = Distribution { returns: &[0.0; 30] };
    let still =
        super::tests::page(vec![Block::Picture(Picture::Distribution(still), String::new())]);
    assert!(still.contains("<svg") && !still.contains("NaN"));
}
