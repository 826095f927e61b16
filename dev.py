"""Bootstrap (replaced shortly): make .venv with everything."""
import subprocess, sys, pathlib
root = pathlib.Path(__file__).resolve().parent
py = root/".venv/bin/python"
if not py.exists():
    subprocess.run([sys.executable, "-m", "venv", root/".venv"], check=True)
subprocess.run([py, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--require-hashes", "--no-deps", "-r", root/"requirements-dev.lock"], check=True)
subprocess.run([py, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "-e", root], check=True)
