"""The genetic code, and how unlike two amino acids are: BLOSUM62 and Grantham."""

from __future__ import annotations

from collections.abc import Mapping

_BASES = "TCAG"
_CODE = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODON: Mapping[str, str] = {
    a + b + c: _CODE[16 * i + 4 * j + k]
    for i, a in enumerate(_BASES)
    for j, b in enumerate(_BASES)
    for k, c in enumerate(_BASES)
}
"""The standard genetic code, `*` for stop."""


def translate(text: str) -> str:
    """Return the amino acids of a coding sequence; X for codons that are no code.

    Examples
    --------
    >>> translate("ATGTAAGN")
    'M*X'
    """
    codons = (text[i : i + 3] for i in range(0, len(text), 3))
    return "".join(CODON.get(codon, "X") for codon in codons)


_ORDER = "ARNDCQEGHILKMFPSTWYV"
# Henikoff S, Henikoff JG (1992) PNAS 89:10915-10919, half bits.
_BLOSUM62 = """
4
-1 5
-2 0 6
-2 -2 1 6
0 -3 -3 -3 9
-1 1 0 0 -3 5
-1 0 0 2 -4 2 5
0 -2 0 -1 -3 -2 -2 6
-2 0 1 -1 -3 0 0 -2 8
-1 -3 -3 -3 -1 -3 -3 -4 -3 4
-1 -2 -3 -4 -1 -2 -3 -4 -3 2 4
-1 2 0 -1 -3 1 1 -2 -1 -3 -2 5
-1 -1 -2 -3 -1 0 -2 -3 -2 1 2 -1 5
-2 -3 -3 -3 -2 -3 -3 -3 -1 0 0 -3 0 6
-1 -2 -2 -1 -3 -1 -1 -2 -2 -3 -3 -1 -2 -4 7
1 -1 1 0 -1 0 0 0 -1 -2 -2 0 -1 -2 -1 4
0 -1 0 -1 -1 -1 -1 -2 -2 -1 -1 -1 -1 -2 -1 1 5
-3 -3 -4 -4 -2 -2 -3 -2 -2 -3 -2 -3 -1 1 -4 -3 -2 11
-2 -2 -2 -3 -2 -1 -2 -3 2 -1 -1 -2 -1 3 -3 -2 -2 2 7
0 -3 -3 -3 -1 -2 -2 -3 -3 3 1 -2 1 -1 -2 -2 0 -3 -1 4
"""
_GRANTHAM_ORDER = "SRLPTAVGIFYCHQNKDEMW"
# Grantham R (1974) Science 185:862-864, table 2; 0 (alike) to 215.
_GRANTHAM = """
110 145 74 58 99 124 56 142 155 144 112 89 68 46 121 65 80 135 177
102 103 71 112 96 125 97 97 77 180 29 43 86 26 96 54 91 101
98 92 96 32 138 5 22 36 198 99 113 153 107 172 138 15 61
38 27 68 42 95 114 110 169 77 76 91 103 108 93 87 147
58 69 59 89 103 92 149 47 42 65 78 85 65 81 128
64 60 94 113 112 195 86 91 111 106 126 107 84 148
109 29 50 55 192 84 96 133 97 152 121 21 88
135 153 147 159 98 87 80 127 94 98 127 184
21 33 198 94 109 149 102 168 134 10 61
22 205 100 116 158 102 177 140 28 40
194 83 99 143 85 160 122 36 37
174 154 139 202 154 170 196 215
24 68 32 81 40 87 115
46 53 61 29 101 130
94 23 42 142 174
101 56 95 110
45 160 181
126 152
67
"""


def _lower(text: str) -> dict[str, int]:
    found = {}
    for a, line in zip(_ORDER, text.strip().splitlines(), strict=True):
        for b, value in zip(_ORDER, line.split(), strict=False):
            found[a + b] = found[b + a] = int(value)
    return found


def _upper(text: str) -> dict[str, int]:
    order = _GRANTHAM_ORDER
    found = {a + a: 0 for a in order}
    for i, line in enumerate(text.strip().splitlines()):
        for b, value in zip(order[i + 1 :], line.split(), strict=True):
            found[order[i] + b] = found[b + order[i]] = int(value)
    return found


BLOSUM62: Mapping[str, int] = _lower(_BLOSUM62)
"""Log-odds of a pair of amino acids (`"AR"`), half bits, -4 to 11."""

GRANTHAM: Mapping[str, int] = _upper(_GRANTHAM)
"""Chemical distance of a pair of amino acids (`"AR"`), 0 to 215."""
