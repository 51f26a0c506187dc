"""Marker effects and tables for simulators and other programs."""
