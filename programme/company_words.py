"""Words of company names that do not tell companies apart: legal forms, connectors, what half of them are called.

All are spelled as `programme.companies.folded` leaves them: small letters, no accents, no dots, Cyrillic and Greek in
Latin letters.
"""

LEGAL_FORMS: frozenset[tuple[str, ...]] = frozenset(
    tuple(form.split())
    for form in (
        # English
        "inc|incorporated|corp|corporation|co|company|ltd|limited|llc|llp|lp|pllc|plc|pc|pte|pte ltd|pty|pty ltd|"
        "private limited|pvt|pvt ltd|private ltd|public limited company|gmbh co kg|dba|cic|dac|unlimited|ulc|"
        # German, Dutch, Nordic, Baltic
        "gmbh|ggmbh|mbh|ag|kg|kgaa|ohg|ug|ug haftungsbeschrankt|haftungsbeschrankt|gbr|ek|ev|eg|se|partg|"
        "gesellschaft mit beschrankter haftung|aktiengesellschaft|gesmbh|gesellschaft mbh|kommanditgesellschaft|"
        "bv|nv|vof|cv|besloten vennootschap|naamloze vennootschap|bvba|cvba|vzw|ab|ab publ|aktiebolag|hb|as|asa|ans|da|"
        "aps|ivs|i s|oy|oyj|oy ab|ky|osakeyhtio|ehf|hf|ou|osauhing|sia|uab|mb|"
        # Romance
        "sa|sa de cv|sab de cv|sab|sapi de cv|sapi|s de rl|s de rl de cv|srl de cv|sas|sasu|sarl|eurl|sci|snc|scs|sca|"
        "societe anonyme|gie|srl|srls|spa|sapa|ss|societa per azioni|societa a responsabilita limitata|sl|slu|sll|sau|"
        "sociedad anonima|sociedad limitada|sociedade anonima|scrl|sprl|scp|cia|compania|compagnie|cie|ltda|limitada|"
        "eireli|me|epp|mei|lda|unipessoal|unipessoal lda|sgps|spr|eirl|ca|"
        # Central and Eastern Europe
        "sp z oo|sp zoo|spzoo|spolka z oo|spolka z ograniczona odpowiedzialnoscia|sp j|sp k|spk|spj|sp komandytowa|"
        "spolka akcyjna|psa|sro|spol s ro|as|kft|nyrt|zrt|bt|rt|doo|dd|ad|ead|eood|ood|jdoo|dooel|pfa|ii|"
        "ooo|oao|zao|pao|ao|nao|ip|too|tov|pp|pat|prat|vat|at|aoot|"
        "obshchestvo s ogranichennoy otvetstvennostyu|aktsionernoe obshchestvo|"
        "ae|epe|ike|oe|ee|monoprosopi|anonimi etaireia|anonymi etaireia|"
        # Turkey, Asia, Africa, Middle East
        "as|anonim sirketi|ltd sti|limited sirketi|sti|san tic|san ve tic|sanayi ve ticaret|ve tic|"
        "kk|gk|yk|kabushiki kaisha|godo kaisha|yugen kaisha|pt|tbk|cv|ud|sdn bhd|bhd|sdn|berhad|jsc|pjsc|ojsc|cjsc|"
        "tnhh|cong ty tnhh|cong ty|co phan|cong ty co phan|mtv|fze|fzco|fzc|fz llc|wll|spc|saoc|saog|sae|sal|"
        "cc|npc|soc|株式会社|有限会社|合同会社|合資会社|合名会社|(株)|(有)|一般社団法人|有限公司|有限责任公司|股份有限公司|"
        "股份公司|集团有限公司|科技有限公司|責任有限公司|주식회사|유한회사|(주)|(유)|שרכה|בעמ|ש.מ.|ذمم|شركة|شمم|"
        "บริษัท|จำกัด|มหาชน|จํากัด"
    )
    .replace("||", "|")
    .split("|")
)
"""Legal forms, each as its words. They are taken off the end of a name, some off its beginning."""

LEADING_FORMS: frozenset[tuple[str, ...]] = frozenset(
    tuple(form.split())
    for form in (
        "ooo|oao|zao|pao|ao|nao|ip|too|tov|pp|pat|prat|vat|pt|cv|ud|sia|uab|sc|firma|fa|cong ty|cong ty tnhh|"
        "cong ty co phan|株式会社|有限会社|合同会社|(株)|(有)|주식회사|"
        "obshchestvo s ogranichennoy otvetstvennostyu|aktsionernoe obshchestvo|"
        "(주)|شركة|บริษัท"
    ).split("|")
)
"""Forms that stand before a name."""

GLUED_FORMS = (
    "株式会社",
    "有限会社",
    "合同会社",
    "股份有限公司",
    "有限责任公司",
    "有限公司",
    "集团",
    "科技",
    "주식회사",
    "유한회사",
)
"""Forms of scripts that part no words; longer ones before those that they contain."""

CONNECTORS: frozenset[str] = frozenset(
    "and & + e y i und et og och en ve kai ja the of de do da dos das del della di du des la le el los las les der die "
    "das von van den for fur para per in im am a an o os al to at on z w na".split()
)
"""Words that join others; they weigh nothing."""

GENERIC: frozenset[str] = frozenset(
    (
        "group grupo gruppe gruppo groupe grupa holding holdings international internacional internazionale intl "
        "global worldwide world national nacional general united first new premier prime best express direct "
        "services service servicos servicios servizi uslugi dienstleistungen solutions solucoes soluciones soluzioni "
        "loesungen losungen rozwiazania consulting consultoria consultores consultants consultancy beratung conseil "
        "advisory advisors technologies technology tecnologia tecnologias tech technik technologie technologia "
        "systems system systemes sistemas sistemi systeme software informatica informatik it ict digital data cloud "
        "online web net network networks media marketing design creative studio studios agency agencia "
        "trading trade traders comercio comercial comercializadora commerciale handel import export distribution "
        "distribuidora distribuciones logistics logistica logistik transport transportes spedition shipping "
        "industries industry industrias industria industrie industrial manufacturing engineering ingenieria "
        "engenharia ingegneria ingenieurburo construction construcciones construcoes construcao construtora bau "
        "costruzioni budownictwo capital investments investment inversiones investimentos invest finance financial "
        "financeira insurance seguros assurance versicherung versicherungen real estate properties property "
        "immobilien inmobiliaria imobiliaria imoveis bank banco banque banca bankasi university universidad "
        "universidade universitat universite college school escola escuela hospital clinic clinica klinik hotel "
        "hotels hoteles restaurant restaurante cafe bar shop store stores market supermarket supermercado "
        "pharmacy farmacia apotheke health healthcare medical care energy energia power electric auto motors foods "
        "food alimentos association verein foundation fundacion fundacao stiftung institute instituto institut "
        "center centre centro zentrum partners partner associates enterprises enterprise empresa ventures labs lab "
        "works products company companies co products pro plus one city north south east west central "
        "sociedad societe gesellschaft spolka 集团 科技"
    ).split()
)
"""Words that many companies share; each weighs a third of a word of its own."""

PUBLIC_MAIL: frozenset[str] = frozenset(
    (
        "gmail googlemail yahoo ymail rocketmail hotmail outlook protonmail gmx t-online tutanota fastmail hushmail "
        "yandex rediffmail wanadoo laposte btinternet sbcglobal bellsouth ntlworld foxmail hanmail mailinator "
        "guerrillamail yopmail 10minutemail virginmedia talktalk telenet seznam ukr inteligo"
    ).split()
)
"""First labels of domains where anybody gets a mailbox, whatever follows: ``gmail.com``, ``yahoo.co.uk``."""

PUBLIC_DOMAINS: frozenset[str] = frozenset(
    (
        "live.com live.co.uk live.nl live.fr live.it live.com.mx live.com.pt msn.com passport.com aol.com aim.com "
        "icloud.com me.com mac.com proton.me pm.me web.de freenet.de mail.com email.com inbox.com zoho.com hey.com "
        "tuta.io tuta.com ya.ru rambler.ru mail.ru bk.ru list.ru inbox.ru inbox.lv uol.com.br bol.com.br terra.com.br "
        "terra.com ig.com.br r7.com globo.com globomail.com oi.com.br libero.it virgilio.it alice.it tiscali.it tin.it "
        "orange.fr free.fr sfr.fr neuf.fr wp.pl onet.pl onet.eu o2.pl interia.pl op.pl poczta.fm tlen.pl "
        "gazeta.pl email.cz centrum.cz atlas.cz volny.cz abv.bg mail.bg i.ua qq.com 163.com 126.com sina.com sohu.com "
        "naver.com daum.net nate.com comcast.net verizon.net att.net cox.net charter.net sky.com mail.de arcor.de "
        "skynet.be ziggo.nl kpnmail.nl planet.nl home.nl xs4all.nl telefonica.net movistar.es arnet.com.ar sapo.pt "
        "bluewin.ch docomo.ne.jp ezweb.ne.jp nifty.com "
        "facebook.com instagram.com linkedin.com twitter.com x.com youtube.com google.com wix.com wordpress.com "
        "blogspot.com linktr.ee github.com t.me wa.me tiktok.com medium.com notion.site"
    ).split()
)
"""Domains where anybody gets a mailbox or a page."""

_CYRILLIC = "абвгдезийклмнопрстуфхцчшщыэюяёіїєґўјљњћџђж"
_CYRILLIC_LATIN = "a b v g d e z i y k l m n o p r s t u f kh ts ch sh shch y e yu ya e i i e g u j lj nj c dz dj zh"
_GREEK = "αβγδεζηθικλμνξοπρστυφχψωςϊϋ"
_GREEK_LATIN = "a v g d e z i th i k l m n x o p r s t y f ch ps o s i y"
_OTHER = "łøđħıŀœæþðŋßşţ"
_OTHER_LATIN = "l o d h i l oe ae th d n ss s t"

LETTERS = str.maketrans(
    dict(
        zip(
            _CYRILLIC + _GREEK + _OTHER,
            f"{_CYRILLIC_LATIN} {_GREEK_LATIN} {_OTHER_LATIN}".split(),
            strict=True,
        )
    )
    | {"ъ": "", "ь": ""}
)
"""Small letters that are no Latin letter with an accent, in plain Latin ones."""

UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
"""Umlauts as two letters, the way they are written where there are none on the keyboard."""
