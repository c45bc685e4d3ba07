"""Renderings of a report: each module is a pure function of one report, or of many."""
