"""What people read reaches the catalogues: gettext finds messages by the names of its functions."""

import ast

from tests.architecture.sources import parsed, python_files, shown

MODULE = "django.utils.translation"


def test_no_module_gives_gettext_a_name_that_the_catalogues_do_not_look_for() -> None:
    """Behind another name than `_` a message is collected nowhere, and stays German and with *Sie*."""
    hidden = [
        f"{shown(path)}: {name.name} as {name.asname}"
        for path in python_files()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom) and node.module == MODULE
        for name in node.names
        if "gettext" in name.name and name.asname not in {None, "_"}
    ]
    assert not hidden
