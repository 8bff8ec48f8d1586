#!/usr/bin/env python3
"""Reference values of the metric variants, from the libraries where one has the concept.

usage: make.py EXAMPLES_DATA     (the folder with daily/{IBM,MSFT}.csv: timestamp,...,adj_close)

Writes, beside itself, ibm_vs_msft_{daily,monthly}.{csv,json}. Data: Quandl WIKI prices, public
domain. Libraries: quantstats 0.0.86, empyrical-reloaded 0.7.1, ffn 1.4.1, scipy.
Every variant is computed from its formula in numpy as well; where a library has it, the two
must agree to 1e-9, and the library's number is the one that is stored.
"""
import json
import sys
import warnings
from pathlib import Path

import empyrical as em
import ffn
import numpy as np
import pandas as pd
import quantstats.stats as qs
from scipy import stats

warnings.filterwarnings("ignore")
HERE = Path(__file__).parent


def formulas(r, b, times, P):
    n, z = len(r), stats.norm.ppf(0.05)
    path = np.concatenate([[1.0], np.cumprod(1 + r)])
    dd = path / np.maximum.accumulate(path) - 1
    dd_later = path[1:] / np.maximum.accumulate(path[1:]) - 1
    sd, sd0, neg = r.std(ddof=1), r.std(), r[r < 0]
    years = (times[-1] - times[0]).total_seconds() / 31557600
    down = np.sqrt(np.mean(np.minimum(r, 0) ** 2))
    cagr, cagr_cal = path[-1] ** (P / n) - 1, (path[-1] / path[1]) ** (1 / years) - 1
    var, var_n = np.quantile(r, 0.05), r.mean() + z * sd
    mdd, mdd_later = dd.min(), dd_later.min()
    beta = np.cov(r, b)[0, 1] / b.var(ddof=1)
    alpha = r.mean() - beta * b.mean()
    corr, active = np.corrcoef(r, b)[0, 1], r - b
    wins, losses = r[r > 0], r[r < 0]
    W, R = len(wins) / np.count_nonzero(r), wins.mean() / -losses.mean()
    g1, g2 = stats.skew(r), stats.kurtosis(r)
    G1, G2 = stats.skew(r, bias=False), stats.kurtosis(r, bias=False)
    sr = r.mean() / sd
    psr = lambda s, k: stats.norm.cdf(sr * np.sqrt(n - 1) / np.sqrt(1 - s * sr + (k + 2) / 4 * sr**2))
    line = stats.linregress(np.arange(n), np.cumsum(np.log1p(r)))
    return {
        "total_return": path[-1] - 1,
        "cagr_periods": cagr,
        "cagr_calendar_31557600s": cagr_cal,
        "mean_annual_arith": r.mean() * P,
        "vol_ann_ddof1": sd * P**0.5,
        "vol_ann_ddof0": sd0 * P**0.5,
        "sharpe_rf0_ddof1": sr * P**0.5,
        "sharpe_rf2pct_geo_ddof1": (r.mean() - (1.02 ** (1 / P) - 1)) / sd * P**0.5,
        "sharpe_rf2pct_simple_ddof1": (r.mean() - 0.02 / P) / sd * P**0.5,
        "sharpe_geometric": cagr / (sd * P**0.5),
        "downside_dev_ann_target0_full_n": down * P**0.5,
        "sortino_target0_full_n": r.mean() / down * P**0.5,
        "sortino_std_of_negatives_ddof1": r.mean() / neg.std(ddof=1) * P**0.5,
        "sortino_std_of_clipped_ddof1": r.mean() / np.minimum(r, 0).std(ddof=1) * P**0.5,
        "max_drawdown_with_initial": mdd,
        "max_drawdown_without_initial": mdd_later,
        "calmar_periods": cagr / -mdd,
        "calmar_calendar": cagr_cal / -mdd_later,
        "ulcer_index_n-1": np.sqrt((dd**2).sum() / (n - 1)),
        "ulcer_index_n_percent": np.sqrt(np.mean((100 * dd_later) ** 2)),
        "ulcer_index_prices_percent": np.sqrt(np.mean((100 * dd) ** 2)),
        "var95_hist_linear": var,
        "var95_normal": var_n,
        "cvar95_hist_partition": np.sort(r)[: int((n - 1) * 0.05) + 1].mean(),
        "cvar95_hist_leq_var": r[r <= var].mean(),
        "cvar95_normal": r.mean() - sd * stats.norm.pdf(z) / 0.05,
        "cvar95_below_normal_var": r[r < var_n].mean(),
        "omega_0": wins.sum() / -losses.sum(),
        "skew_population": g1,
        "skew_adjusted": G1,
        "kurt_excess_population": g2,
        "kurt_excess_adjusted": G2,
        "beta": beta,
        "alpha_ann_arith": alpha * P,
        "alpha_ann_compound": (1 + alpha) ** P - 1,
        "corr": corr,
        "r2": corr**2,
        "information_ratio_per_period": active.mean() / active.std(ddof=1),
        "information_ratio_ann": active.mean() / active.std(ddof=1) * P**0.5,
        "tracking_error_ann": active.std(ddof=1) * P**0.5,
        "treynor_arith": r.mean() * P / beta,
        "treynor_total": (path[-1] - 1) / beta,
        "tail_ratio_95": abs(np.quantile(r, 0.95)) / abs(var),
        "win_rate_nonzero": W,
        "win_rate_all": len(wins) / n,
        "profit_factor_returns": wins.sum() / -losses.sum(),
        "payoff_ratio": R,
        "kelly": W - (1 - W) / R,
        "recovery_factor_sum": abs(r.sum()) / -mdd,
        "recovery_factor_total": (path[-1] - 1) / -mdd,
        "gain_to_pain": r.sum() / -losses.sum(),
        "best": r.max(),
        "worst": r.min(),
        "exposure_nonzero": np.count_nonzero(r) / n,
        "stability_r2": line.rvalue**2,
        "psr_0_pop_moments": psr(g1, g2),
        "psr_0_adj_moments": psr(G1, G2),
        "up_capture_mean": r[b > 0].mean() / b[b > 0].mean(),
        "down_capture_mean": r[b < 0].mean() / b[b < 0].mean(),
    }


def libraries(r, b, times, P):
    s, m = pd.Series(r, index=times), pd.Series(b, index=times)
    prices = (1 + s).cumprod()
    greeks = qs.greeks(s, m, periods=P)
    kw = {"annualization": P}
    return {
        "total_return": {"empyrical.cum_returns_final": em.cum_returns_final(s)},
        "cagr_periods": {"empyrical.annual_return": em.annual_return(s, **kw)},
        "cagr_calendar_31557600s": {"ffn.calc_cagr(prices)": ffn.calc_cagr(prices)},
        "vol_ann_ddof1": {"empyrical.annual_volatility": em.annual_volatility(s, **kw)},
        "sharpe_rf0_ddof1": {"quantstats.sharpe": qs.sharpe(s, periods=P)},
        "sharpe_rf2pct_geo_ddof1": {"quantstats.sharpe(rf=0.02)": qs.sharpe(s, rf=0.02, periods=P)},
        "sharpe_rf2pct_simple_ddof1": {
            "empyrical.sharpe_ratio(rf=.02/P)": em.sharpe_ratio(s, risk_free=0.02 / P, **kw)
        },
        "downside_dev_ann_target0_full_n": {"empyrical.downside_risk": em.downside_risk(s, **kw)},
        "sortino_target0_full_n": {"empyrical.sortino_ratio": em.sortino_ratio(s, **kw)},
        "max_drawdown_with_initial": {"empyrical.max_drawdown": em.max_drawdown(s)},
        "max_drawdown_without_initial": {"ffn.calc_max_drawdown": ffn.calc_max_drawdown(prices)},
        "calmar_periods": {"empyrical.calmar_ratio": em.calmar_ratio(s, **kw)},
        "ulcer_index_n-1": {"quantstats.ulcer_index": qs.ulcer_index(s)},
        "ulcer_index_n_percent": {"ffn.to_ulcer_index": ffn.to_ulcer_index(prices)},
        "var95_hist_linear": {"empyrical.value_at_risk": em.value_at_risk(s)},
        "var95_normal": {"quantstats.value_at_risk": qs.value_at_risk(s)},
        "cvar95_hist_partition": {
            "empyrical.conditional_value_at_risk": em.conditional_value_at_risk(s)
        },
        "cvar95_normal": {"quantstats.cvar": qs.cvar(s)},
        "omega_0": {"empyrical.omega_ratio": em.omega_ratio(s)},
        "skew_adjusted": {"quantstats.skew": qs.skew(s)},
        "kurt_excess_adjusted": {"quantstats.kurtosis": qs.kurtosis(s)},
        "beta": {"empyrical.beta": em.beta(s, m)},
        "alpha_ann_arith": {"quantstats.greeks.alpha": greeks["alpha"]},
        "alpha_ann_compound": {"empyrical.alpha": em.alpha(s, m, **kw)},
        "r2": {"quantstats.r_squared": qs.r_squared(s, m)},
        "information_ratio_per_period": {
            "quantstats.information_ratio": qs.information_ratio(s, m)
        },
        "tail_ratio_95": {"empyrical.tail_ratio": em.tail_ratio(s)},
        "win_rate_nonzero": {"quantstats.win_rate": qs.win_rate(s)},
        "profit_factor_returns": {"quantstats.profit_factor": qs.profit_factor(s)},
        "payoff_ratio": {"quantstats.payoff_ratio": qs.payoff_ratio(s)},
        "kelly": {"quantstats.kelly_criterion": qs.kelly_criterion(s)},
        "recovery_factor_sum": {"quantstats.recovery_factor": qs.recovery_factor(s)},
        "gain_to_pain": {"quantstats.gain_to_pain_ratio": qs.gain_to_pain_ratio(s)},
        "stability_r2": {"empyrical.stability_of_timeseries": em.stability_of_timeseries(s)},
        "psr_0_adj_moments": {
            "quantstats.probabilistic_sharpe_ratio": qs.probabilistic_sharpe_ratio(s, periods=P)
        },
    }


def drawdowns(r, times):
    path = np.concatenate([[1.0], np.cumprod(1 + r)])
    stamp = lambda k: None if k in (0, None) else str(times[k - 1])
    found, peak = [], 0
    current = None
    for k in range(1, len(path)):
        if path[k] >= path[peak]:
            if current:
                found.append({**current, "recovery_bar": k})
            current, peak = None, k
            continue
        depth = path[k] / path[peak] - 1
        if current is None:
            current = {"peak_bar": peak, "valley_bar": k, "recovery_bar": None, "depth": depth}
        elif depth < current["depth"]:
            current |= {"valley_bar": k, "depth": depth}
    if current:
        found.append(current)
    for e in found:
        end = e["recovery_bar"]
        e["bars_peak_to_recovery"] = None if end is None else end - e["peak_bar"]
        e["bars_underwater"] = (len(path) if end is None else end) - e["peak_bar"] - 1
        for bar in ("peak", "valley", "recovery"):
            e[bar] = stamp(e[bar + "_bar"])
    return {
        "top5": sorted(found, key=lambda e: e["depth"])[:5],
        "longest": max(found, key=lambda e: e["bars_underwater"]),
        "episodes": len(found),
        "note": "bar k = after k returns; bar 0 = start",
    }


def write(name, table, P):
    table.round(14).to_csv(HERE / f"{name}.csv", index_label="timestamp", date_format="%Y-%m-%d")
    table = pd.read_csv(HERE / f"{name}.csv", parse_dates=["timestamp"], index_col="timestamp")
    r, b, times = table["ret"].to_numpy(), table["bench"].to_numpy(), table.index
    own, libs, variants = formulas(r, b, times, P), libraries(r, b, times, P), {}
    for key, value in own.items():
        for lib, theirs in libs.get(key, {}).items():
            assert abs(theirs - value) <= 1e-9 * abs(value), (name, key, lib, theirs, value)
            value = theirs
        variants[key] = {"value": float(value), "matches": sorted(libs.get(key, {}))}
    gold = {
        "fixture": f"{name}.csv",
        "n": len(r),
        "periods_per_year": P,
        "tolerance": "rel 1e-9",
        "variants": variants,
        "drawdowns": drawdowns(r, times),
    }
    (HERE / f"{name}.json").write_text(json.dumps(gold, indent=1) + "\n")


def main():
    read = lambda symbol: pd.read_csv(
        Path(sys.argv[1]) / "daily" / f"{symbol}.csv", parse_dates=["timestamp"], index_col="timestamp"
    )["adj_close"]
    prices = pd.DataFrame({"ret": read("IBM"), "bench": read("MSFT")})
    write("ibm_vs_msft_daily", prices["2004":"2009"].pct_change().dropna(), 252)
    monthly = prices.resample("ME").last().pct_change().dropna()
    write("ibm_vs_msft_monthly", monthly, 12)


main()
