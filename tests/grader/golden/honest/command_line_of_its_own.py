# Answers: ex1.dcounts, ex1.dcounts_sum

import argparse
import sys, os, json
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE))
os.environ["KMP_DUPLICATE_LIB_OK"] = "TRUE"


def dcounts(counts_sum_inv, dprobs, dcounts_sum):
    return counts_sum_inv * dprobs + dcounts_sum


def dcounts_sum(counts_sum, dcounts_sum_inv):
    return -(counts_sum**-2) * dcounts_sum_inv


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    json.dump(vars(args), open(HERE / "args.json", "w"))


if __name__ == "__main__":
    main()
