#!/usr/bin/env python3
"""Builds the functions' zips with cargo-lambda and weighs them.

    python3 tools/build_functions.py arm64      what Terraform deploys: target/lambda-arm64/<function>/bootstrap.zip
    python3 tools/build_functions.py x86_64     what the rehearsal runs: target/lambda-x86_64/<function>/bootstrap.zip

cargo-lambda and zig come from PyPI into .tools/build, the Rust target from rustup; nothing is installed elsewhere.
One architecture at a time: a release build with one codegen unit is heavy. Python's standard library only.
"""

import os
import pathlib
import re
import subprocess
import sys
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools" / "build"

# Exact, so that the same source gives the same zip next year.
PACKAGES = ["cargo-lambda==1.9.2", "ziglang==0.17.1"]

# Lambda takes 50 MB; what counts is the cold start, which grows with every megabyte that is fetched and unpacked.
MAX_BYTES = 6 * 1000 * 1000

TARGETS = {"arm64": ("--arm64", "aarch64-unknown-linux-gnu"), "x86_64": ("--x86-64", "x86_64-unknown-linux-gnu")}


def functions():
    return sorted(path.parent.name for path in (ROOT / "functions").glob("*/Cargo.toml"))


def tools():
    """The environment in which cargo finds cargo-lambda and zig."""
    marker = TOOLS / "installed"
    if not marker.exists() or marker.read_text() != "\n".join(PACKAGES):
        venv.create(TOOLS, with_pip=True)
        subprocess.run([TOOLS / "bin" / "pip", "install", "--quiet", *PACKAGES], check=True)
        # The wheel has a module and no program: this is the program.
        zig = TOOLS / "bin" / "zig"
        zig.write_text(f'#!/bin/sh\nexec "{TOOLS / "bin" / "python"}" -m ziglang "$@"\n')
        zig.chmod(0o755)
        marker.write_text("\n".join(PACKAGES))
    return {
        **os.environ,
        "PATH": f"{TOOLS / 'bin'}{os.pathsep}{os.environ['PATH']}",
        # aws-lc gathers entropy from CPU jitter otherwise: 40 ms of every cold start. The kernel's is as good here.
        "AWS_LC_SYS_NO_JITTER_ENTROPY": "1",
        # Small rather than fast: a function waits for the network, and a cold start for its bytes.
        "CARGO_PROFILE_RELEASE_OPT_LEVEL": "s",
        # A tenth less in each zip and of each start, for minutes of a build. docs/performance.md has all that was tried.
        "CARGO_PROFILE_RELEASE_LTO": "fat",
    }


def one_tls_stack(names, target):
    """Two of them would mean two sets of root certificates, a megabyte more, and one that nobody warms up."""
    packages = [argument for name in names for argument in ("-p", name)]

    def versions(crate):
        command = ["cargo", "tree", "--quiet", "--locked", "-e", "normal", "--target", target, *packages, "-i", crate, "--depth", "0"]
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        # Two versions of a crate make the question ambiguous, and cargo says so.
        if "ambiguous" in found.stderr:
            return found.stderr
        if found.returncode != 0 and f"`{crate}` did not match any packages" not in found.stderr:
            raise SystemExit(found.stderr)
        return found.stdout.strip()

    for crate in ("ring", "openssl-sys"):
        if versions(crate):
            return f"{crate} is linked beside aws-lc: {versions(crate)}"
    if not re.fullmatch(r"rustls v[\d.]+", versions("rustls")):
        return f"not one rustls is linked: {versions('rustls') or 'none at all'}"
    return None


def without_jitter_entropy(target):
    """Whether aws-lc was built as the environment asks: a variable that it no longer knows would be passed over in silence."""
    libraries = list((ROOT / "target" / target / "release" / "build").glob("aws-lc-sys-*/out/libaws_lc_*_crypto.a"))
    if not libraries:
        return f"no aws-lc was found below target/{target}: cannot say whether it gathers jitter entropy"
    for library in libraries:
        if b"jent_entropy" in library.read_bytes():
            return f"{library.relative_to(ROOT)} gathers entropy from CPU jitter"
    return None


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in TARGETS:
        print(__doc__)
        return 2
    architecture = sys.argv[1]
    flag, target = TARGETS[architecture]
    names = functions()
    environment = tools()
    directory = ROOT / "target" / f"lambda-{architecture}"

    wrong = one_tls_stack(names, target)
    if wrong:
        print(wrong)
        return 1
    started = time.monotonic()
    subprocess.run(["rustup", "target", "add", target], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    packages = [argument for name in names for argument in ("-p", name)]
    built = subprocess.run(["cargo", "lambda", "build", "--release", "--locked", "--output-format", "zip", flag, "--lambda-dir", directory, *packages], cwd=ROOT, env=environment)
    if built.returncode != 0:
        return built.returncode
    wrong = without_jitter_entropy(target)
    if wrong:
        print(wrong)
        return 1

    too_heavy = False
    for name in names:
        size = (directory / name / "bootstrap.zip").stat().st_size
        too_heavy |= size >= MAX_BYTES
        print(f"{architecture}  {name:<15} {size / 1e6:5.2f} MB{'  too heavy' if size >= MAX_BYTES else ''}")
    print(f"built in {time.monotonic() - started:.0f} s into {directory.relative_to(ROOT)}")
    return 1 if too_heavy else 0


if __name__ == "__main__":
    sys.exit(main())
