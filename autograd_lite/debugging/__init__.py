"""Tools for finding a mistake: `anomaly` names the operation that made a NaN, `draw` shows the graph."""
