"""How alike two companies' names and addresses are, from 0 to 1; deterministic."""

from rapidfuzz.distance import OSA

from programme.companies import LONGEST, NO_WORD, WORDS, CompanyName, Word, folded

_CAP_OTHER_PLACE = 0.6
_CAP_GENERIC_ONLY = 0.8
_CAP_LONG_GENERIC = 0.95
_ACRONYM = 0.8


def name_likeness(a: CompanyName, b: CompanyName) -> float:
    """Return how alike two names are, 0 to 1.

    Words are paired, one with one, the most alike first; a pair counts its likeness times its weight, words that
    stay alone count against it: ``2 * paired / (all of a + all of b)``. Words differ by typing errors (one in
    five letters, two in nine, none in fewer or in numbers). Names that part at words of places are at most 0.6
    alike; such as are made of common words alone at most 0.8 (three or more: 0.95); initials of a name are 0.8.

    Examples
    --------
    >>> from programme.companies import company_name
    >>> round(name_likeness(company_name("Bank of Ireland"), company_name("Bank of Scotland")), 2)
    0.5
    >>> name_likeness(company_name("Acme, Inc."), company_name("ACME Corporation"))
    1.0
    """
    if not a.words or not b.words:
        return 0.0
    found = max(_paired(one, other) for one in {a.words, a.variant} for other in {b.words, b.variant})
    compact = _compact_likeness(a, b)
    found = max(found, compact)
    if found < _ACRONYM and _is_acronym(a, b):
        return _ACRONYM
    says_little = not _has_own_word(a) or not _has_own_word(b)
    long_enough = len(a.words) >= 3 and len(b.words) >= 3
    return min(found, _CAP_LONG_GENERIC if long_enough else _CAP_GENERIC_ONLY) if says_little else found


def _has_own_word(name: CompanyName) -> bool:
    return any(word.weight == 1 for word in name.words)


def _paired(a: tuple[Word, ...], b: tuple[Word, ...]) -> float:
    pairs = sorted(
        ((word_likeness(one.text, other.text), i, j) for i, one in enumerate(a) for j, other in enumerate(b)),
        key=lambda pair: (-pair[0], pair[1], pair[2]),
    )
    left_a, left_b, paired = set(range(len(a))), set(range(len(b))), 0.0
    for likeness, i, j in pairs:
        if likeness > 0 and i in left_a and j in left_b:
            left_a.discard(i)
            left_b.discard(j)
            paired += likeness * (a[i].weight + b[j].weight) / 2
    found = 2 * paired / (sum(word.weight for word in a) + sum(word.weight for word in b))
    apart = any(a[i].is_place for i in left_a) and any(b[j].is_place for j in left_b)
    return min(found, _CAP_OTHER_PLACE) if apart else found


def word_likeness(a: str, b: str) -> float:
    """Return 1 for equal words, something less for a typing error or two in a long one, else 0.

    Examples
    --------
    >>> word_likeness("microsoft", "mircosoft") > 0.85, word_likeness("abc", "abd"), word_likeness("plant9", "plant8")
    (True, 0.0, 0.0)
    """
    if a == b:
        return 1.0
    length = max(len(a), len(b))
    allowed = 0 if min(len(a), len(b)) < 5 or any(map(str.isdigit, a + b)) else 1 if length < 9 else 2
    if not allowed or (a[0] != b[0] and allowed < 2):
        return 0.0
    errors = OSA.distance(a, b, score_cutoff=allowed)
    return 1 - errors / length if errors <= allowed else 0.0


def _compact_likeness(a: CompanyName, b: CompanyName) -> float:
    """Return how alike the names are without blanks: ``Face Book`` and ``Facebook``."""
    one, other = a.compact, b.compact
    if len(a.words) == len(b.words) or min(len(one), len(other)) < 6:
        return 0.0
    return 0.97 if one == other else 0.0


def _is_acronym(a: CompanyName, b: CompanyName) -> bool:
    short, long = (a, b) if len(a.words) == 1 else (b, a)
    return len(short.words) == 1 and 3 <= len(short.words[0].text) <= 6 and short.words[0].text == long.initials


_ADDRESS_WORDS = frozenset(
    "street st str strasse straat road rd rue avenue ave av avenida via viale calle c carrer rua r ulica ul plac pl "
    "platz square sq lane ln drive dr boulevard blvd floor fl suite ste unit building bldg apt piso andar no nr num "
    "numero n house po box the de da do del della of la le".split()
)


def address_likeness(a: str | None, b: str | None) -> float:
    """Return how alike two addresses are, 0 to 1; 0 where one is missing.

    Words count alike as in names, in any order; words such as *street* do not count. Where both have numbers and share
    none, it is another house: at most 0.5.

    Examples
    --------
    >>> round(address_likeness("ul. Prosta 51, Warszawa", "Warszawa, Prosta 51"), 2)
    1.0
    >>> address_likeness("Rua Augusta 100, São Paulo", "Rua Augusta 900, São Paulo")
    0.5
    """
    one, other = _address_words(a), _address_words(b)
    if not one or not other:
        return 0.0
    found = _paired(one, other)
    numbers, others = ({word.text for word in words if word.text[0].isdigit()} for words in (one, other))
    return min(found, 0.5) if numbers and others and not numbers & others else found


def _address_words(text: str | None) -> tuple[Word, ...]:
    tokens = NO_WORD.sub(" ", folded((text or "")[:LONGEST])).split()[:WORDS]
    return tuple(Word(token, 1.0, False) for token in tokens if token not in _ADDRESS_WORDS)
