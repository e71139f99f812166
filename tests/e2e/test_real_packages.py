"""Package managers installing a package that lies in a directory, without a network."""

from __future__ import annotations

import os

import pytest
from e2e.guard import Guard
from e2e.real import same
from harness import write

NPM = {
    "npm_config_audit": "false",
    "npm_config_fund": "false",
    "npm_config_update_notifier": "false",
    "npm_config_offline": "true",
    "npm_config_logs_max": "0",
}

PACKAGE = """\
{
  "name": "parcel-of-ours", "version": "1.2.3", "main": "index.js", "bin": {"greet": "greet.js"},
  "scripts": {"prepack": "node -p 6*7 >packed", "postinstall": "node index.js >installed && cp installed copied"}
}
"""

BACKEND = """\
import os, subprocess, zipfile

def get_requires_for_build_wheel(config_settings=None):
    return []

def build_wheel(directory, config_settings=None, metadata_directory=None):
    built = subprocess.run(["sh", "-c", "seq 3 | tr '\\\\n' ,"], capture_output=True, check=True, text=True).stdout
    name, info = "parcel-1.0-py3-none-any.whl", "parcel-1.0.dist-info"
    files = {
        "parcel.py": f"BUILT = {built!r}\\n\\ndef main():\\n    print('hello', BUILT)\\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\\nName: parcel\\nVersion: 1.0\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: ours\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        f"{info}/entry_points.txt": "[console_scripts]\\nparcel = parcel:main\\n",
    }
    record = "".join(f"{path},,\\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(os.path.join(directory, name), "w") as wheel:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(path, text)
    return name
"""

PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


@pytest.mark.needs("npm", "node")
def test_npm(busy: Guard) -> None:
    write(os.path.join(busy.work, "parcel", "package.json"), PACKAGE, 0o644)
    write(os.path.join(busy.work, "parcel", "index.js"), "console.log('from', require('path').basename(__dirname))\n")
    write(os.path.join(busy.work, "parcel", "greet.js"), "#!/usr/bin/env node\nconsole.log('hello')\n", 0o755)
    script = """
    mkdir user; cd user
    echo '{"name": "user", "version": "0.0.0", "scripts": {"greet": "greet | tr a-z A-Z"}}' >package.json
    npm pack --silent ../parcel; npm install --silent ./parcel-of-ours-1.2.3.tgz; echo $?
    npm run --silent greet; node -e 'require("parcel-of-ours")'; npm run --silent missing; echo $?
    """
    env = {**NPM, "npm_config_cache": os.path.join(busy.root, "npm")}
    done = same(busy, script, commands=6, env=env)
    assert b"HELLO\nfrom parcel-of-ours\n1\n" in done.out
    assert os.path.exists(f"{busy.work}/user/node_modules/parcel-of-ours/copied")


def test_pip(busy: Guard) -> None:
    write(os.path.join(busy.work, "parcel", "pyproject.toml"), PYPROJECT)
    write(os.path.join(busy.work, "parcel", "backend.py"), BACKEND)
    script = """
    pip install -q --no-index --no-build-isolation --no-deps --no-compile --target out ./parcel; echo $?
    PYTHONPATH=out out/bin/parcel
    pip install -q --no-index --target other absent-from-everywhere 2>&1 | head -1; ls out
    """
    env = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_CACHE_DIR": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    env |= {"PIP_CONFIG_FILE": os.devnull, "PIP_ROOT_USER_ACTION": "ignore"}
    done = same(busy, script, commands=5, ignored=("*direct_url.json",), env=env)
    assert b"hello 1,2,3,\n" in done.out
    assert b"No matching distribution" in done.out or b"Could not find a version" in done.out
