# Answers: ex1.dprobs ex1.dhpreact ex1.db2

dprobs = lambda probs, dlogprobs: dlogprobs / probs
dhpreact = lambda h, dh: (1 - h**2) * dh
db2 = lambda dlogits: dlogits.sum(0)
