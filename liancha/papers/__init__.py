"""Reading and writing .xlsx, .csv and .docx. Knows files, not inspections.

Recognises what clerks really upload (encodings, title rows, other heading words) and says by
row and column what it could not read. Decides nothing about what the cells mean.
"""
