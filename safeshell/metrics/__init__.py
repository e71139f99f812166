"""Durations: histograms, the stages that they are of, and the figures made of them."""
