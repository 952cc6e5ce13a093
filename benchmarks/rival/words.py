"""Places, trades and vocabulary of the rival programme, in three languages."""

PLACES = (
    ("BR", "SP", "São Paulo", -23.55, -46.63, "pt"),
    ("BR", "MG", "Belo Horizonte", -19.92, -43.94, "pt"),
    ("BR", "PR", "Curitiba", -25.43, -49.27, "pt"),
    ("BR", "PE", "Recife", -8.05, -34.90, "pt"),
    ("PT", "11", "Lisboa", 38.72, -9.14, "pt"),
    ("PT", "13", "Porto", 41.15, -8.61, "pt"),
    ("ES", "MD", "Madrid", 40.42, -3.70, "es"),
    ("ES", "CT", "Barcelona", 41.39, 2.17, "es"),
    ("ES", "AN", "Sevilla", 37.39, -5.98, "es"),
    ("MX", "CMX", "Ciudad de México", 19.43, -99.13, "es"),
    ("MX", "NLE", "Monterrey", 25.69, -100.32, "es"),
    ("AR", "X", "Córdoba", -31.42, -64.18, "es"),
    ("GB", "LND", "London", 51.51, -0.13, "en"),
    ("GB", "MAN", "Manchester", 53.48, -2.24, "en"),
    ("IE", "D", "Dublin", 53.35, -6.26, "en"),
    ("US", "TX", "Austin", 30.27, -97.74, "en"),
    ("US", "IL", "Chicago", 41.88, -87.63, "en"),
)
"""Country, region, city, latitude, longitude, language."""

KINDS = ("reseller", "var", "msp", "agency", "referral", "isv")
SOURCES = ("trade fair", "phone", "web form", "recommendation", "mailing")
INDUSTRIES = (
    "agriculture", "aviation", "fashion", "hospitality", "insurance", "logistics",
    "mining", "municipalities", "pharmacy", "printing", "sports", "wholesale",
)  # fmt: skip

THEMES: dict[str, dict[str, tuple[str, ...]]] = {
    "cold chain": {
        "en": ("refrigerated lorries", "temperature logs", "cold stores", "perishable goods"),
        "pt": ("caminhões refrigerados", "registros de temperatura", "câmaras frias", "produtos perecíveis"),
        "es": ("camiones refrigerados", "registros de temperatura", "cámaras frías", "productos perecederos"),
    },
    "irrigation": {
        "en": ("drip irrigation", "soil moisture", "water pumps", "crop yield"),
        "pt": ("irrigação por gotejamento", "umidade do solo", "bombas de água", "rendimento da colheita"),
        "es": ("riego por goteo", "humedad del suelo", "bombas de agua", "rendimiento de la cosecha"),
    },
    "bookings": {
        "en": ("room bookings", "table reservations", "guest check-in", "seasonal tourists"),
        "pt": ("reservas de quartos", "reservas de mesas", "chegada de hóspedes", "turistas de temporada"),
        "es": ("reservas de habitaciones", "reservas de mesas", "llegada de huéspedes", "turistas de temporada"),
    },
    "claims": {
        "en": ("insurance claims", "damage photos", "risk tables", "policy renewals"),
        "pt": ("sinistros de seguros", "fotos de danos", "tabelas de risco", "renovação de apólices"),
        "es": ("siniestros de seguros", "fotos de daños", "tablas de riesgo", "renovación de pólizas"),
    },
    "fleet": {
        "en": ("delivery vans", "route plans", "fuel cards", "driver shifts"),
        "pt": ("vans de entrega", "planos de rota", "cartões de combustível", "turnos de motoristas"),
        "es": ("furgonetas de reparto", "planes de ruta", "tarjetas de combustible", "turnos de conductores"),
    },
    "clubs": {
        "en": ("club memberships", "training grounds", "season tickets", "fan shops"),
        "pt": ("sócios do clube", "campos de treino", "ingressos da temporada", "lojas de torcedores"),
        "es": ("socios del club", "campos de entrenamiento", "abonos de temporada", "tiendas de aficionados"),
    },
    "labels": {
        "en": ("label printers", "ink orders", "packaging design", "barcode rolls"),
        "pt": ("impressoras de etiquetas", "pedidos de tinta", "projeto de embalagens", "rolos de código de barras"),
        "es": ("impresoras de etiquetas", "pedidos de tinta", "diseño de envases", "rollos de código de barras"),
    },
    "safety": {
        "en": ("helmet checks", "gas sensors", "evacuation drills", "accident reports"),
        "pt": ("inspeção de capacetes", "sensores de gás", "simulados de evacuação", "relatórios de acidentes"),
        "es": ("revisión de cascos", "sensores de gas", "simulacros de evacuación", "informes de accidentes"),
    },
    "tailoring": {
        "en": ("fabric rolls", "size charts", "fitting rooms", "return parcels"),
        "pt": ("rolos de tecido", "tabelas de tamanhos", "provadores", "pacotes devolvidos"),
        "es": ("rollos de tela", "tablas de tallas", "probadores", "paquetes devueltos"),
    },
    "town hall": {
        "en": ("building permits", "citizen requests", "town archives", "street lighting"),
        "pt": ("alvarás de construção", "pedidos dos cidadãos", "arquivos municipais", "iluminação pública"),
        "es": ("permisos de obra", "solicitudes ciudadanas", "archivos municipales", "alumbrado público"),
    },
}
FRAMES = {
    "en": ("We work with {} and {}.", "Daily business: {}, {}.", "How others handle {} and {}"),
    "pt": ("Trabalhamos com {} e {}.", "Dia a dia: {}, {}.", "Como outros lidam com {} e {}"),
    "es": ("Trabajamos con {} y {}.", "Día a día: {}, {}.", "Cómo otros manejan {} y {}"),
}
HINTS = {
    "en": ("Board has signed off the money.", "Only comparing prices for now."),
    "pt": ("A diretoria já liberou a verba.", "Por ora só comparando preços."),
    "es": ("La dirección ya aprobó el gasto.", "Por ahora solo comparan precios."),
}
