"""Domains, names and addresses of companies: pairs as they are written in several languages and scripts."""

import pytest

from programme.companies import company_domain, company_name, folded
from programme.likeness import address_likeness, name_likeness, word_likeness

SAME = [
    ("Acme, Inc.", "ACME Corporation"),
    ("Acme S.A. de C.V.", "Acme"),
    ("Świat Mebli Sp. z o.o.", "SWIAT MEBLI spółka z ograniczoną odpowiedzialnością"),
    ("Müller GmbH & Co. KG", "Mueller GmbH"),
    ("Müller GmbH", "Muller AG"),
    ("Nestlé S.A.", "Nestle"),
    ("ООО «Газпром нефть»", "Gazprom Neft"),
    ("株式会社日立製作所", "日立製作所"),
    ("삼성전자 주식회사", "삼성전자"),
    ("شركة أرامكو", "أرامكو"),
    ("Ελληνικά Πετρέλαια Α.Ε.", "Ellinika Petrelaia"),
    ("Magazine Luiza S/A", "Magazine Luiza SA"),
    ("Johnson & Johnson", "Johnson and Johnson"),
    ("Silva e Filhos Ltda.", "Silva & Filhos Ltda"),
    ("Pérez y Hijos, S.L.", "Perez e Hijos SL"),
    ("Société Générale SA", "Societe Generale"),
    ("L'Oréal S.A.", "LOreal"),
    ("Åkerlund Oy", "Akerlund Oyj"),
    ("Bäckerei Schmidt", "Schmidt Bäckerei e.K."),
    ("PT Bank Central Asia Tbk", "Bank Central Asia"),
    ("Yıldız Holding A.Ş.", "Yildiz Holding"),
    ("Công ty Cổ phần Sữa Việt Nam", "Sữa Việt Nam"),
    ("A. P. Møller - Mærsk A/S", "AP Moller Maersk"),
    ("amazon.com, Inc.", "Amazon"),
    ("Face Book Inc", "Facebook"),
    ("Deutsche Telekom AG", "Deutsche Telecom"),
    ("Gemeente Utrecht B.V.", "gemeente  UTRECHT"),
]
LIKELY = [
    ("Mircosoft", "Microsoft Corporation"),
    ("International Business Machines", "IBM"),
    ("北京字节跳动科技有限公司", "北京字节跳动"),
    ("H&M Hennes & Mauritz AB", "Hennes & Mauritz"),
    ("Siemens", "Siemens Brasil Ltda."),
    ("Green Energy", "Green Energy Systems"),
]
OTHERS = [
    ("Bank of Ireland", "Bank of Scotland"),
    ("Bank of America", "Bank of China"),
    ("First National Bank of Texas", "First National Bank of Ohio"),
    ("ABC Ltd", "ABD Ltd"),
    ("Delta Air Lines", "Delta Dental"),
    ("Global Solutions", "Global Services"),
    ("Studio 54", "Studio 55"),
    ("Siemens Brasil", "Siemens México"),
    ("Air France", "Air Canada"),
    ("Acme Solutions", "Apex Solutions"),
    ("Sun Microsystems", "Sun Life"),
    ("Universidade de São Paulo", "Universidade de Coimbra"),
    ("中国银行", "中国工商银行"),
    ("Nova", "Novo"),
    ("Ford", "Forb"),
    ("Clinica San Juan", "Clinica San Jose"),
    ("", "Acme"),
    ("!!!", "Acme"),
]


def likeness(a: str, b: str) -> float:
    assert name_likeness(company_name(a), company_name(b)) == name_likeness(company_name(b), company_name(a))
    return name_likeness(company_name(a), company_name(b))


@pytest.mark.parametrize(("a", "b"), SAME)
def test_the_same_company_written_in_two_ways(a, b):
    assert likeness(a, b) >= 0.92


@pytest.mark.parametrize(("a", "b"), LIKELY)
def test_likely_the_same_company(a, b):
    assert 0.8 <= likeness(a, b) < 0.92


@pytest.mark.parametrize(("a", "b"), OTHERS)
def test_another_company(a, b):
    assert likeness(a, b) < 0.7


@pytest.mark.parametrize("name", ["GmbH", "S.A.", "Spa", "The", "&", "co", "\u202eevil", "🍕", "a" * 5000, "株式会社"])
def test_every_text_has_a_name_and_is_like_itself(name):
    words = company_name(name).words
    assert likeness(name, name) == pytest.approx(1.0 if words else 0.0, abs=0.2)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.Acme.co.uk/about?x=1#y", "acme.co.uk"),
        ("HTTP://user:secret@shop.acme.com.br:8080/", "acme.com.br"),
        ("sales@eu.acme.com", "acme.com"),
        ("mailto:ana@acme.pl", "acme.pl"),
        ("//acme.de", "acme.de"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("ACME.COM.", "acme.com"),
        ("münchen.bäcker.de", "xn--bcker-gra.de"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
        ("first.myshopify.com", "first.myshopify.com"),
        ("acme.com, acme.de", "acme.com"),
    ],
)
def test_domains_are_what_was_registered(text, domain):
    assert company_domain(text) == domain


NOBODY = (None, "", "acme", "co.uk", "joe@gmail.com", "a@yahoo.co.uk", "x@mail.ru", "https://facebook.com/acme")
NO_DOMAIN = ("10.0.0.1", "localhost:80", "-.com", "a..b", "\0.com", "." * 300, "[::1]", "http://", "@")


@pytest.mark.parametrize("text", [*NOBODY, *NO_DOMAIN])
def test_what_identifies_no_company_is_no_domain(text):
    assert company_domain(text) is None


def test_words_differ_by_typing_errors_only_when_they_are_long():
    assert word_likeness("telekom", "telecom") == pytest.approx(6 / 7)
    assert word_likeness("international", "internatoinal") == pytest.approx(12 / 13)
    assert [word_likeness("ford", "forb"), word_likeness("bravo", "travo"), word_likeness("plant9", "plant8")] == [
        0
    ] * 3


def test_addresses_with_other_house_numbers_are_other_addresses():
    assert address_likeness("ul. Prosta 51, 00-838 Warszawa", "Warszawa, Prosta 51") > 0.7
    assert address_likeness("Rua Augusta 100, São Paulo", "Rua Augusta, 900 - São Paulo") == 0.5
    assert address_likeness("Main Street 5", None) == 0.0


def test_folding_keeps_scripts_without_cases():
    assert [folded(text) for text in ("ÉCOLE", "Łódź", "Straße", "がぎ", "ქართული")] == [
        "ecole",
        "lodz",
        "strasse",
        "がぎ",
        "ქართული",
    ]
