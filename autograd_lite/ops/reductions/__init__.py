"""Operations that combine the elements along axes: sums, extremes, quantiles, scans."""
