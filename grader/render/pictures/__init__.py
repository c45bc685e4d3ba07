"""Pictures of a report as vector graphics: each a pure function of the report's figures.

What is laid out here is drawn by `templates/pictures.html.j2`. Positions are per cent of the width,
so that a picture is as wide as the page and its letters stay as large as the text.
"""
