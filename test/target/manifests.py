#!/usr/bin/env python3
"""Holds the manifests of programs against the published schema, in which every
member they have must stand, and against the section of the library.

usage: manifests.py SCHEMA FILE.dp...
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema


def close(schema):
    """The schema, refusing members that it does not know."""
    if isinstance(schema, dict):
        schema = {key: close(value) for key, value in schema.items()}
        if "properties" in schema:
            schema["additionalProperties"] = False
    return [close(value) for value in schema] if isinstance(schema, list) else schema


def fault(validator, spec, folder):
    """What is wrong with the manifest of a program; empty where nothing is."""
    library, manifest, section = (f"{folder}/{name}" for name in ("lib.so", "manifest.json", "section"))
    subprocess.run(["dpc", spec, "-o", library, f"--emit-manifest={manifest}", "--reg=entropy", "--float=f32,f64", "-O0",
                    "--lanes=1"], check=True)  # fmt: skip
    subprocess.run(["llvm-objcopy", f"--dump-section=.danskin={section}", library], check=True)
    text = pathlib.Path(manifest).read_text()
    if pathlib.Path(section).read_text().rstrip("\0") != text:
        return "the section .danskin is another text"
    manifest = json.loads(text)
    errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(manifest)]
    symbols = subprocess.run(["llvm-nm", "-D", library], check=True, capture_output=True, text=True).stdout.split()
    errors += [f"no symbol {e['symbol']}" for e in manifest["entries"] if e["symbol"] not in symbols]
    return "\n".join(errors)


def main(schema, *specs):
    schema = json.loads(pathlib.Path(schema).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(close(schema))
    failed = 0
    for spec in specs:
        with tempfile.TemporaryDirectory() as folder:
            if why := fault(validator, spec, folder):
                failed += 1
                print(f"FAIL: {spec}: {why}")
    print(f"{len(specs) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
