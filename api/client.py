"""``python -m api.client FOLDER``: write the typed client's operations and types from the OpenAPI document."""

import keyword
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from api.app import create_app
from domain.settings import Settings

Schema = Mapping[str, Any]

_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_HEADERS = {"If-Match": "if_match", "Idempotency-Key": "idempotency_key"}
_MADE = "Made from the OpenAPI document by `make openapi`; not to be edited."


def class_name(name: str) -> str:
    """Return a schema's name as a Python one.

    Examples
    --------
    >>> class_name("Offer-Input")
    'OfferInput'
    """
    return re.sub(r"\W", "", name)


def annotation(schema: Schema) -> str:
    """Return the Python type of a schema.

    Examples
    --------
    >>> annotation({"anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/Lead"}}, {"type": "null"}]})
    'list[types.Lead] | None'
    """
    if "$ref" in schema:
        return f"types.{class_name(schema['$ref'].rpartition('/')[2])}"
    if "anyOf" in schema or "oneOf" in schema:
        return " | ".join(dict.fromkeys(annotation(each) for each in schema.get("anyOf") or schema["oneOf"]))
    if "enum" in schema or "const" in schema:
        words = schema.get("enum") or [schema["const"]]
        return f"Literal[{', '.join(_quoted(word) for word in words)}]"
    kind = schema.get("type")
    if kind == "array":
        return f"list[{annotation(schema.get('items', {}))}]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"dict[str, {annotation(values) if isinstance(values, dict) and values else 'Any'}]"
    return _PLAIN.get(str(kind), "Any")


def _quoted(word: object) -> str:
    return f'"{word}"' if isinstance(word, str) else repr(word)


def types_module(document: Schema) -> str:
    """Return the module of the schemas as typed dictionaries."""
    lines = [
        f'"""What is sent and answered. {_MADE}"""', "", "from __future__ import annotations", "",
        "from typing import Any, Literal, NotRequired, TypedDict",
    ]  # fmt: skip
    for name, schema in sorted(document["components"]["schemas"].items(), key=lambda item: class_name(item[0])):
        lines += ["", "", *_type_lines(class_name(name), schema)]
    return "\n".join(lines) + "\n"


def _type_lines(name: str, schema: Schema) -> Iterator[str]:
    told = _sentence(schema.get("description"), name)
    if "properties" not in schema:
        yield f"{name} = {annotation(schema).replace('types.', '')}"
        yield f'"""{told}"""'
        return
    fields = {field: annotation(each).replace("types.", "") for field, each in schema["properties"].items()}
    required = set(schema.get("required", ()))
    hints = {field: hint if field in required else f"NotRequired[{hint}]" for field, hint in fields.items()}
    if any(not field.isidentifier() or keyword.iskeyword(field) for field in fields):
        body = ", ".join(f'"{field}": "{_inside(hint)}"' for field, hint in hints.items())
        yield f'{name} = TypedDict("{name}", {{{body}}})'
        return
    yield f"class {name}(TypedDict):"
    yield f'    """{told}"""'
    yield ""
    yield from (f"    {field}: {hint}" for field, hint in hints.items())


def _inside(hint: str) -> str:
    return hint.replace('"', "'")


def _sentence(text: str | None, name: str) -> str:
    first = (text or f"{name}.").strip().split("\n")[0].replace("\\", "").replace('"', "'")
    return first if first.endswith(".") else f"{first}."


def operations_module(document: Schema) -> str:
    """Return the module of the client with one method per operation."""
    lines = [
        f'"""One method per operation. {_MADE}"""', "", "from typing import Any, Literal, cast", "",
        "from allywise_client import types", "from allywise_client.transport import Transport, path_part", "", "",
        "class Allywise(Transport):", '    """A service, and what it can be asked."""',
    ]  # fmt: skip
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            lines += ["", *_method_lines(path, method.upper(), operation)]
    return "\n".join(lines) + "\n"


def _method_lines(path: str, method: str, operation: Schema) -> Iterator[str]:
    arguments = list(_arguments(operation))
    returned = _answer(operation)
    signature = ", ".join(["self", *(f"{name}: {hint}" for _, name, hint, given in arguments if given)])
    optional = [f"{name}: {hint} = None" for _, name, hint, given in arguments if not given]
    if method == "GET":
        optional.append("**filters: Any")
    keywords = f", *, {', '.join(optional)}" if optional and not optional[0].startswith("**") else ""
    keywords = keywords or (f", {optional[0]}" if optional else "")
    yield f"    def {operation.get('operationId', method.lower())}({signature}{keywords}) -> {returned}:"
    yield f'        """{_sentence(operation.get("description") or operation.get("summary"), path)}"""'
    where = {place: [pair for pair in arguments if pair[0] == place] for place in ("path", "query", "header")}
    url = re.sub(r"\{(\w+)\}", lambda match: f"{{path_part({_python(match[1])})}}", path)
    parts = [f'"{method}"', f'f"{url}"' if where["path"] else f'"{url}"']
    pairs = ", ".join(f'"{_wire(name)}": {name}' for _, name, _, _ in where["query"])
    if method == "GET":
        parts.append(f"query={{{pairs + ', ' if pairs else ''}**filters}}")
    elif pairs:
        parts.append(f"query={{{pairs}}}")
    parts += [f"{name}={name}" for place, name, _, _ in arguments if place == "body"]
    if where["header"]:
        headers = {value: header for header, value in _HEADERS.items()}
        parts.append(
            f"headers={{{', '.join(f'{_quoted(headers[name])}: {name}' for _, name, _, _ in where['header'])}}}"
        )
    call = f"self.send({', '.join(parts)})"
    yield f"        {call}" if returned == "None" else f'        return cast("{_inside(returned)}", {call})'


def _arguments(operation: Schema) -> Iterator[tuple[str, str, str, bool]]:
    """Yield place, name, type and whether it must be given, for each argument of an operation."""
    known = set()
    for parameter in operation.get("parameters", ()):
        place, wire = parameter["in"], parameter["name"]
        name = _HEADERS.get(wire.title().replace("_", "-")) if place == "header" else _python(wire)
        if name is None or name in known or place == "cookie":
            continue
        known.add(name)
        hint, given = annotation(parameter["schema"]), bool(parameter.get("required"))
        yield place, name, hint if given or "None" in hint else f"{hint} | None", given
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        hint, given = annotation(content["application/json"]["schema"]), operation["requestBody"].get("required", False)
        yield "body", "body", hint if given else f"{hint} | None", given
    elif content:
        yield "body", "files", "Any", True


def _answer(operation: Schema) -> str:
    told: Schema = next((answer for status, answer in operation["responses"].items() if status.startswith("2")), {})
    content = told.get("content", {})
    if not content:
        return "None"
    schema = content.get("application/json", {}).get("schema")
    return annotation(schema) if schema else "bytes"


def _python(name: str) -> str:
    plain = re.sub(r"\W", "_", name)
    return f"{plain}_" if keyword.iskeyword(plain) else plain


def _wire(name: str) -> str:
    return name.removesuffix("_")


def main() -> None:
    """Write both modules into the folder named on the command line."""
    document = create_app(Settings()).openapi()
    folder = Path(sys.argv[1])
    (folder / "types.py").write_text(types_module(document))
    (folder / "operations.py").write_text(operations_module(document))


if __name__ == "__main__":
    main()
