"""Drawings as SVG, made of nothing but text: message sequence charts and test beds."""
