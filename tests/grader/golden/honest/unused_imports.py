# Answers: ex1.dprobs ex1.dW1

import argparse
import collections
import csv
import datetime
import glob
import json
import os
import pickle
import re
import string
import sys
import textwrap

import torch
import torch.nn as nn
import torch.optim as optim


def dprobs(probs, dlogprobs):
    return dlogprobs / probs


def dW1(embcat, dhprebn):
    return embcat.T @ dhprebn
