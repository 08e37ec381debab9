"""Data of a meter from Leneda, the national platform: download, files, and import of a file.

Imports `stored` and `statistics`, and of the sources only what all of them share. The texts of
Leneda's answers and files are read in `lib/leneda`.
"""
