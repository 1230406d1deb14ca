"""Drawings as figures: where each line, box and word stands. Pure, no markup; templates make SVG of them.

Units are those of the drawing's own grid, one to a CSS pixel at full size; y grows downwards. Each drawing is
laid out for a width, so that a narrow page gets one of its own and not a small copy of the wide one.
"""
