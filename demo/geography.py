"""Where the world happens: cities with coordinates, and distances between them."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

EARTH_RADIUS_KM = 6371.0


class City(NamedTuple):
    """A place where partners and customers are."""

    country: str
    region: str
    name: str
    latitude: float
    longitude: float


CITIES = (
    City("US", "CA", "Los Angeles", 34.05, -118.24),
    City("US", "CA", "San Francisco", 37.77, -122.42),
    City("US", "TX", "Austin", 30.27, -97.74),
    City("US", "TX", "Houston", 29.76, -95.37),
    City("US", "NY", "New York", 40.71, -74.01),
    City("US", "NY", "Buffalo", 42.89, -78.88),
    City("US", "IL", "Chicago", 41.88, -87.63),
    City("US", "FL", "Miami", 25.76, -80.19),
    City("US", "FL", "Tampa", 27.95, -82.46),
    City("BR", "SP", "São Paulo", -23.55, -46.63),
    City("BR", "SP", "Campinas", -22.91, -47.06),
    City("BR", "RJ", "Rio de Janeiro", -22.91, -43.17),
    City("BR", "MG", "Belo Horizonte", -19.92, -43.94),
    City("BR", "PR", "Curitiba", -25.43, -49.27),
    City("DE", "BY", "München", 48.14, 11.58),
    City("DE", "NW", "Köln", 50.94, 6.96),
    City("DE", "BE", "Berlin", 52.52, 13.40),
    City("DE", "HH", "Hamburg", 53.55, 9.99),
    City("GB", "ENG", "London", 51.51, -0.13),
    City("GB", "ENG", "Manchester", 53.48, -2.24),
    City("GB", "SCT", "Edinburgh", 55.95, -3.19),
    City("ES", "MD", "Madrid", 40.42, -3.70),
    City("ES", "CT", "Barcelona", 41.39, 2.17),
    City("ES", "AN", "Sevilla", 37.39, -5.98),
    City("PL", "MZ", "Warszawa", 52.23, 21.01),
    City("PL", "MA", "Kraków", 50.06, 19.94),
    City("PT", "11", "Lisboa", 38.72, -9.14),
    City("PT", "13", "Porto", 41.15, -8.61),
)

COUNTRIES = ("US", "BR", "DE", "GB", "ES", "PL", "PT")
COUNTRY_WEIGHTS = np.array([0.32, 0.20, 0.15, 0.13, 0.09, 0.06, 0.05])
LANGUAGES = {"US": "en", "BR": "pt", "DE": "de", "GB": "en", "ES": "es", "PL": "pl", "PT": "pt"}

CITY_COUNTRY: Array = np.array([COUNTRIES.index(city.country) for city in CITIES])
REGIONS = tuple(dict.fromkeys((city.country, city.region) for city in CITIES))
CITY_REGION: Array = np.array([REGIONS.index((city.country, city.region)) for city in CITIES])
REGION_COUNTRY: Array = np.array([COUNTRIES.index(country) for country, _ in REGIONS])


def n_countries(partners: int) -> int:
    """Return in how many countries a programme of that size is at home.

    Examples
    --------
    >>> n_countries(30), n_countries(400)
    (2, 7)
    """
    return min(max(2, partners // 30), len(COUNTRIES))


def draw_cities(rng: np.random.Generator, n: int, tilt: float, countries: int) -> Array:
    """Draw `n` cities of the first `countries`; `tilt` perturbs their weights, so that supply and demand differ."""
    per_country = np.bincount(CITY_COUNTRY, minlength=len(COUNTRIES))
    within = rng.dirichlet(np.full(len(CITIES), 6.0)) * len(CITIES)
    weights = COUNTRY_WEIGHTS * np.exp(rng.normal(0, tilt, len(COUNTRIES)))
    weights[countries:] = 0
    p = weights[CITY_COUNTRY] / per_country[CITY_COUNTRY] * within
    return rng.choice(len(CITIES), size=n, p=p / p.sum())


def coordinates(rng: np.random.Generator, cities: Array) -> tuple[Array, Array]:
    """Return latitudes and longitudes scattered some 25 km around the `cities`."""
    places = np.array([(city.latitude, city.longitude) for city in CITIES])[cities]
    jitter = rng.normal(0, 0.22, places.shape)
    return np.round(places[:, 0] + jitter[:, 0], 4), np.round(places[:, 1] + jitter[:, 1], 4)


def distance_km(lat_a: Array, lon_a: Array, lat_b: Array, lon_b: Array) -> Array:
    """Return great-circle distances, km, of every place a to every place b; shape (a, b).

    Examples
    --------
    >>> one = distance_km(np.array([52.52]), np.array([13.40]), np.array([53.55]), np.array([9.99]))
    >>> int(one[0, 0])
    255
    """
    lat_1, lat_2 = np.radians(lat_a)[:, None], np.radians(lat_b)[None, :]
    half_lat = (lat_2 - lat_1) / 2
    half_lon = (np.radians(lon_b)[None, :] - np.radians(lon_a)[:, None]) / 2
    h = np.sin(half_lat) ** 2 + np.cos(lat_1) * np.cos(lat_2) * np.sin(half_lon) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(h)))
