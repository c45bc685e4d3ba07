#!/usr/bin/env bash
# Runs once, when Gradescope builds the image: Python, torch for the CPU alone, the grader.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
project="$root/source/backprop-ninja"

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y python3 python3-venv
python3 -m venv "$root/uv"
"$root/uv/bin/python" -m pip install --quiet uv

# uv brings a Python that is new enough if the image has none, and knows where torch is to be had
# without the gigabytes for GPUs.
"$root/uv/bin/uv" venv --quiet --python '>=3.11' "$root/venv"
"$root/uv/bin/uv" pip install --quiet --python "$root/venv/bin/python" --torch-backend cpu \
    --constraint "$project/constraints.txt" --editable "$project"
