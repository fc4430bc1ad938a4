"""What students of the k-layer course call things: functions, parameters, results. Names are folded: lower case, no underscores.

Names and the standard library only; runs beside student code.
"""

from __future__ import annotations

import re

__all__ = ["FUNCTIONS", "GRADIENT", "HISTORIES", "KINDS", "NORMALIZED", "ROLES"]

#: Folded names of functions, by what the course calls them.
FUNCTIONS = {
    "evaluateClassifier": ("evaluateclassifier", "forwardpass", "forward", "feedforward", "forwardprop", "evaluate"),
    "computeGradients": ("computegradients", "computegrads", "backwardpass", "backward", "backprop", "backpropagation"),
    "computeCost": ("computecost", "cost", "costfunction", "getcost", "computeloss"),
    "computeAccuracy": ("computeaccuracy", "accuracy", "getaccuracy", "calculateaccuracy"),
    "batchNormBackPass": ("batchnormbackpass", "batchnormbackward", "bnbackpass", "bnbackward", "backwardbatchnorm"),
    "computeGradientsNum": ("computegradsnum", "computegradientsnum", "numericalgradients", "computenumericalgradients"),
    "miniBatchGD": ("minibatchgd", "minibatchgradientdescent", "minibatch", "train", "trainnetwork"),
    "initializeParam": ("initializeparam", "initializeparams", "initializeparameters", "initparams", "initparameters"),
    "relu": ("relu",),
    "softMax": ("softmax",),
}  # fmt: skip
NORMALIZED = ("bn", "batchnorm", "batchnormalization")  # endings of the names of variants

ROLES = {
    "x": ("x", "xbatch", "xtrain", "data", "inputs", "images"),
    "y": ("y", "ybatch", "ytrain", "yonehot", "targets", "onehot"),
    "labels": ("labels", "ylabels", "trainlabels"),
    "xval": ("xval", "xvalid", "xvalidation", "valx", "xv"),
    "yval": ("yval", "yvalid", "yvalidation", "valy", "yv"),
    "p": ("p", "probs", "probabilities", "pbatch", "ypred", "yhat"),
    "w": ("w", "ws", "weights", "wlist", "allw"),
    "b": ("b", "bs", "bias", "biases", "blist"),
    "gamma": ("gamma", "gammas", "gam"),
    "beta": ("beta", "betas"),
    "params": ("params", "parameters", "netparams", "net", "network", "theta"),
    "lmda": ("lmda", "lam", "lamda", "lambda", "lmbda", "lambd", "reg", "lamb"),
    "bn": ("bn", "usebn", "batchnorm", "usebatchnorm", "batchnormalization", "withbn", "dobn"),
    "training": ("training", "train", "istraining", "istrain", "trainmode"),
    "testing": ("testing", "test", "istesting", "istest", "testmode", "predict"),
    "mu": (
        "mu", "mus", "muav", "muavg", "mumav", "muma", "mean", "means",
        "meanav", "meanavg", "movingmean", "mumoving", "muaverage", "runningmean", "runmean", "muhat",
        "avgmu", "avgmean", "avgmeans", "meansav", "meansavg", "movingmu", "movingmeans", "muavgs", "runningmeans", "runningmu",
    ),
    "v": (
        "v", "vs", "vav", "vavg", "vma", "vama", "var", "vars",
        "varav", "varavg", "movingvar", "movingvariance", "vmoving", "vaverage", "runningvar", "runvar", "variance", "variances",
        "avgv", "avgvar", "avgvars", "avgvariance", "varsav", "varsavg", "movingv", "movingvars", "movingvariances", "vavgs",
        "runningvars", "runningvariance", "runningvariances", "runningv",
    ),
    "alpha": ("alpha",),
    "h": ("h", "delta", "step"),
    "g": ("g", "gbatch", "grad", "dout"),
    "s": ("s", "sbatch", "scores", "score"),
    "terms": ("gdparams", "gdparam", "hyperparams", "hyper", "gd", "options"),
    "batch": ("nbatch", "batchsize", "batch", "sizebatch"),
    "etamin": ("etamin", "lrmin", "minlr", "mineta"),
    "etamax": ("etamax", "lrmax", "maxlr", "maxeta"),
    "epochs": ("nepochs", "epochs", "numepochs", "nepoch"),
    "ns": ("ns", "stepsize", "nsteps"),
    "sizes": ("sizes", "layers", "layersizes", "layerdims", "dims", "nodes", "shape", "shapes", "structure", "dimensions"),
    "d": ("d", "inputdim", "inputsize", "nin", "ninputs", "dim"),
    "hidden": ("m", "hidden", "hiddensizes", "hiddenlayers", "hiddennodes", "nhidden", "hiddendims"),
    "k": ("k", "classes", "nclasses", "outputdim", "outputsize", "nout", "numclasses"),
    "he": ("he", "heinit", "usehe"),
    "sig": ("sig", "sigma", "std"),
    "seed": ("seed",),
}  # fmt: skip
KINDS = {role: ROLES[role] for role in ("w", "b", "gamma", "beta", "mu", "v")}
KINDS["gamma"] += ("g",)  # gradG
GRADIENT = re.compile(r"^(?:gradients?|grads?|dj|dl|d)?(.+?)(\d*)$")
HISTORY_WORDS = (("cost", "costs", "j"), ("loss", "losses", "l"), ("acc", "accs", "accuracy", "accuracies"))
PARTS = (("train", "training", ""), ("val", "valid", "validation"))  # "costs" alone are those of training
HISTORIES = [
    [pair for word in words for name in names for pair in (word + name, name + word)]
    for words in HISTORY_WORDS
    for names in PARTS
]  # costs, losses, accuracies, each for training and validation
