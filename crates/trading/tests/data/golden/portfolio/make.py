#!/usr/bin/env python3
"""Reference portfolio weights of four stocks, from PyPortfolioOpt, scipy and scikit-learn.

usage: make.py EXAMPLES_DATA     (the folder with daily/SYMBOL.csv: timestamp,...,adj_close)

Writes EXAMPLES_DATA/panel/four_adj_close.csv and, beside itself, four_stocks.json. Data: Quandl WIKI
prices, public domain. Libraries: PyPortfolioOpt 1.6 with CLARABEL, scipy 1.17, scikit-learn 1.9.
"""
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from pypfopt import EfficientFrontier, HRPOpt, expected_returns, risk_models
from scipy.optimize import root
from sklearn.covariance import ledoit_wolf

HERE = Path(__file__).parent
SYMBOLS = ["AAPL", "GOOG", "IBM", "MSFT"]
PANEL = "panel/four_adj_close.csv"
FIRST, LAST = "2009-01-02", "2011-12-30"


def read(symbol):
    table = pd.read_csv(Path(sys.argv[1]) / "daily" / f"{symbol}.csv", index_col="timestamp")
    return table["adj_close"]


def equal_risk(cov):
    # Root of C y = 1/(n y): the first-order condition of the convex form.
    start = 1 / np.sqrt(np.diag(cov))
    y = root(lambda y: cov @ y * y - 1 / len(y), start / start.sum(), tol=1e-15).x
    return y / y.sum()


def main():
    prices = pd.DataFrame({symbol: read(symbol) for symbol in SYMBOLS}).dropna()
    prices = prices[FIRST:"2012-12-31"]
    path = Path(sys.argv[1]) / PANEL
    path.parent.mkdir(exist_ok=True)
    prices.to_csv(path, index_label="timestamp")
    prices = pd.read_csv(path, index_col="timestamp")[FIRST:LAST]
    returns = prices.pct_change().dropna()
    mean, cov = returns.mean() * 252, risk_models.sample_cov(prices)
    target = 0.4
    ones, inverse = np.ones(len(SYMBOLS)), np.linalg.inv(cov.to_numpy())

    def frontier(solve, bounds=(0, 1), rate=0.0):
        problem = EfficientFrontier(mean, cov, weight_bounds=bounds, solver="CLARABEL")
        solve(problem)
        return list(map(float, problem.weights)), list(map(float, problem.portfolio_performance(risk_free_rate=rate)))

    min_var, perf_min_var = frontier(lambda f: f.min_volatility())
    sharpe, perf_max_sharpe = frontier(lambda f: f.max_sharpe(risk_free_rate=0.02), rate=0.02)
    shrunk, shrinkage = ledoit_wolf(returns)
    hrp = HRPOpt(returns)
    hrp_weights = hrp.optimize(linkage_method="single")
    inverse_vol = 1 / np.sqrt(np.diag(cov))
    erc = equal_risk(cov.to_numpy())
    shares = erc * (cov.to_numpy() @ erc)
    gold = {
        "data": f"{PANEL} rows {FIRST}..{LAST}",
        "symbols": SYMBOLS,
        "returns": len(returns),
        "mean_arith_x252": mean.tolist(),
        "mean_geometric": expected_returns.mean_historical_return(prices).tolist(),
        "sample_cov_annual_diag": np.diag(cov).tolist(),
        "sample_cov_row0": cov.iloc[0].tolist(),
        "weights": {
            "min_var_unconstrained_closed_form": (inverse @ ones / (ones @ inverse @ ones)).tolist(),
            "tangency_unconstrained_rf0_closed_form(arith mean)": (
                inverse @ mean / (ones @ inverse @ mean)
            ).tolist(),
            "min_var_long_only": min_var,
            "max_sharpe_long_only_rf2pct": sharpe,
            "min_var_long_only_cap35pct": frontier(lambda f: f.min_volatility(), (0, 0.35))[0],
            "efficient_return_40pct": frontier(lambda f: f.efficient_return(target))[0],
            "hrp_single_linkage": [float(hrp_weights[symbol]) for symbol in SYMBOLS],
            "inverse_vol": (inverse_vol / inverse_vol.sum()).tolist(),
            "equal_risk_contribution": erc.tolist(),
        },
        "ledoit_wolf": {"shrinkage": shrinkage, "daily_row0": shrunk[0].tolist()},
        "perf_min_var": perf_min_var,
        "perf_max_sharpe": perf_max_sharpe,
        "efficient_return_target": target,
        "erc_check_max_dev": float(np.ptp(shares / shares.sum())),
        "tolerance": "closed forms rel 1e-8; long-only QPs: objective within 1e-7 relative, "
        "weights abs 1e-4; HRP abs 1e-8; ERC abs 1e-8",
    }
    (HERE / "four_stocks.json").write_text(json.dumps(gold, indent=1) + "\n")


main()
