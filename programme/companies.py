"""What tells one company from another: its domain and the words of its name. No store, no clock, no chance.

Everything here is deterministic. What counts as alike, and from where on, stands in docs/deal-registration.md.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import idna
import pycountry
from publicsuffixlist import PublicSuffixList

from programme.company_words import (
    CONNECTORS,
    GENERIC,
    GLUED_FORMS,
    LEADING_FORMS,
    LEGAL_FORMS,
    LETTERS,
    PUBLIC_DOMAINS,
    PUBLIC_MAIL,
    UMLAUTS,
)

GENERIC_WEIGHT = 0.3
"""Weight of a word that many companies share, where one of its own weighs 1."""

LONGEST = 400
WORDS = 24

SPACELESS = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
NO_WORD = re.compile(r"[^\w&+]+|_+")
_DOT_COM = re.compile(r"(?<=\w\w)\.(com|net|org|io|ai|app|eu)(?=\W|$)")
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.(?!-)[a-z0-9_-]{1,63})+")
_APOSTROPHE = re.compile(r"['’`´ʼ]")


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=50_000)
def company_domain(text: str | None) -> str | None:
    """Return the registrable domain that a web or mail address belongs to, in ASCII; None where it names no company.

    Scheme, user, port, path, ``www`` and other subdomains go; the public suffix list says what was registered.
    Mailboxes and pages that anybody may have, numbers and unregistrable names identify nobody.

    Examples
    --------
    >>> company_domain("https://shop.Müller.de:8443/de?x=1"), company_domain("Ana.Souza@vendas.acme.com.br")
    ('xn--mller-kva.de', 'acme.com.br')
    >>> company_domain("joe@gmail.com"), company_domain("co.uk"), company_domain("10.0.0.1")
    (None, None, None)
    """
    host = _host(text or "")
    if "." not in host or host.replace(".", "").isdigit():
        return None
    ascii_host = _in_ascii(host)
    domain = _suffixes().privatesuffix(ascii_host) if ascii_host else None
    if domain is None or domain in PUBLIC_DOMAINS or domain.partition(".")[0] in PUBLIC_MAIL:
        return None
    return domain


def _host(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).strip().casefold()[:LONGEST]
    text = re.sub(r"^(mailto:|[a-z][a-z0-9+.-]*:)?//+|^mailto:", "", text)
    text = re.split(r"[/?#\\\s,;]", text, maxsplit=1)[0].rpartition("@")[2]
    return re.sub(r":\d*$", "", text).strip(".")


def _in_ascii(host: str) -> str | None:
    if host.isascii():
        return host if _HOST.fullmatch(host) else None
    try:
        return idna.encode(host, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return None


def domain_label(domain: str) -> str:
    """Return the part of a registrable domain that its owner chose.

    Examples
    --------
    >>> domain_label("acme.com.br"), domain_label("acme.de")
    ('acme', 'acme')
    """
    return domain.partition(".")[0]


def folded(text: str, *, umlauts: bool = False) -> str:
    """Return `text` in small letters without accents, Cyrillic and Greek in Latin letters.

    Parameters
    ----------
    text : str
        In any script; those without cases stay as they are.
    umlauts : bool, default=False
        Whether an umlaut becomes two letters, as in ``Mueller``, instead of one.

    Examples
    --------
    >>> folded("Müller ŁÓDŹ"), folded("Müller", umlauts=True), folded("Газпром")
    ('muller lodz', 'mueller', 'gazprom')
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    if umlauts:
        text = text.translate(UMLAUTS)
    return "".join(_plain(letter) for letter in text.translate(LETTERS))


@lru_cache(maxsize=4096)
def _plain(letter: str) -> str:
    parts = unicodedata.normalize("NFD", letter)
    if len(parts) == 1 or not parts[0].isalpha() or SPACELESS.match(letter):
        return "" if unicodedata.category(letter) == "Mn" and not SPACELESS.match(letter) else letter
    return parts[0].translate(LETTERS)


class Word(NamedTuple):
    """A word of a company's name, what it weighs, and whether it is a place's."""

    text: str
    weight: float
    is_place: bool


@dataclass(frozen=True)
class CompanyName:
    """A company's name without what does not tell companies apart.

    Parameters
    ----------
    words : tuple of Word
        In the order of the name, without legal forms and connectors.
    variant : tuple of Word
        The same with umlauts as two letters; equal to `words` where there is none.
    """

    words: tuple[Word, ...]
    variant: tuple[Word, ...]

    @property
    def key(self) -> str:
        """The words in alphabetical order without blanks: equal for equal names, whatever their order."""
        return "".join(sorted(word.text for word in self.words))

    @property
    def compact(self) -> str:
        """The words as they stand, without blanks."""
        return "".join(word.text for word in self.words)

    @property
    def distinctive(self) -> tuple[str, ...]:
        """Words of the company's own, the longest first; all words if none is."""
        own = [word.text for word in self.words if word.weight == 1]
        return tuple(sorted(own or [word.text for word in self.words], key=lambda text: (-len(text), text)))

    @property
    def initials(self) -> str:
        """First letters, for names of three words or more; else empty."""
        return "".join(word.text[0] for word in self.words) if len(self.words) >= 3 else ""


@lru_cache(maxsize=50_000)
def company_name(text: str | None) -> CompanyName:
    """Take a company's name apart.

    Examples
    --------
    >>> [word.text for word in company_name("Świat & Słońce Sp. z o.o.").words]
    ['swiat', 'slonce']
    >>> company_name("株式会社 日立製作所").key == company_name("日立製作所").key
    True
    """
    text = (text or "")[:LONGEST]
    words = _words(text, umlauts=False)
    has_umlauts = not text.isascii() and any(letter in UMLAUTS for letter in map(ord, text.casefold()))
    return CompanyName(words, _words(text, umlauts=True) if has_umlauts else words)


def _words(text: str, *, umlauts: bool) -> tuple[Word, ...]:
    plain = folded(_split_forms(text), umlauts=umlauts)
    plain = _DOT_COM.sub("", _APOSTROPHE.sub("", plain))
    plain = re.sub(r"(?<=\w)\.(?=\w)|(?<=\b\w)\.", "", plain) if _dotted(plain) else plain
    tokens = _merged(NO_WORD.sub(" ", re.sub(r"\(.*?\)$", _bracketed, plain)).split())[:WORDS]
    kept = [token for token in _without_forms(tokens) if token not in CONNECTORS]
    kept = kept or _without_forms(tokens) or tokens
    return tuple(Word(token, _weight(token), token in _places()) for token in kept)


def _split_forms(text: str) -> str:
    """Part legal forms from the name in scripts that write them together."""
    text = unicodedata.normalize("NFKC", text)
    for form in GLUED_FORMS:
        text = text.replace(form, f" {form} ") if f" {form} " not in f" {text} " else text
    return text


def _dotted(text: str) -> bool:
    return "." in text and re.search(r"\.[a-z]{2,}\b(?!\.)$", text) is None


def _bracketed(match: re.Match[str]) -> str:
    return " " + match.group()[1:-1]


def _merged(tokens: list[str]) -> list[str]:
    """Join runs of single letters: ``s a`` is ``sa``; ``z o o`` is ``z oo``."""
    found: list[str] = []
    run = ""
    for token in [*tokens, ""]:
        if len(token) == 1 and token.isalpha() and not SPACELESS.match(token):
            run += token
            continue
        if run:
            found += ["z", "oo"] if run == "zoo" else list(run) if run in ("ey", "y", "e") else [run]
            run = ""
        if token:
            found.append(token)
    return found


def _without_forms(tokens: list[str]) -> list[str]:
    rest = list(tokens)
    longest = 6
    while True:
        for size in range(min(longest, len(rest) - 1), 0, -1):
            if tuple(rest[-size:]) in LEGAL_FORMS and _says_something(rest[:-size]):
                rest = rest[:-size]
                break
            if tuple(rest[:size]) in LEADING_FORMS and _says_something(rest[size:]):
                rest = rest[size:]
                break
        else:
            return rest
        while len(rest) > 1 and rest[-1] in ("&", "+", "and", "und", "y", "e"):
            rest = rest[:-1]  # "Krause GmbH & Co. KG"


def _says_something(tokens: list[str]) -> bool:
    return any(token not in CONNECTORS and (token,) not in LEGAL_FORMS for token in tokens)


def _weight(token: str) -> float:
    return GENERIC_WEIGHT if token in GENERIC or token in _places() else 1.0


@lru_cache(maxsize=1)
def _places() -> frozenset[str]:
    """Single words that name countries, in the languages that the service speaks and their neighbours."""
    from babel import Locale

    names = {country.name for country in pycountry.countries}
    for language in ("en", "pt", "es", "pl", "de", "fr", "it", "nl"):
        territories = Locale(language).territories
        names |= {territories[country.alpha_2] for country in pycountry.countries if country.alpha_2 in territories}
    plain = {folded(name) for name in names}
    more = "usa us uk uae eu europe europa european asia asian africa america americas american latam emea apac "
    more += "nordic iberia benelux dach brazil england scotland ireland polska deutschland scandinavia"
    return frozenset({name for name in plain if name.isalpha() and len(name) > 2} | set(more.split()))
