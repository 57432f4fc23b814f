"""from_sklearn: fitted estimators against their own predictions in float64."""

import numpy as np
import pytest
from ntkit.convert import from_sklearn
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from support import apart, outputs, rows

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X = rows(60, 5)
PHI = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}


@pytest.mark.parametrize("activation", PHI)
@pytest.mark.parametrize("Y", [X[:, 0], X[:, :3]], ids=["one", "three"])
def test_regressor(activation, Y):
    model = MLPRegressor(
        hidden_layer_sizes=(6, 7), activation=activation, max_iter=20, random_state=0
    ).fit(X, Y)
    layers = from_sklearn(model)
    assert (layers.activation, layers.dropped) == (PHI[activation], "")
    assert layers.widths == [5, 6, 7, Y[..., None].shape[1]]
    found = outputs(layers, X)
    assert apart(found.reshape(Y.shape), model.predict(X)) < 1e-12


def test_poisson_regressor_gives_the_logarithm():
    model = MLPRegressor(hidden_layer_sizes=(6,), loss="poisson", max_iter=20, random_state=0).fit(
        X, X[:, 0] > 0
    )
    layers = from_sklearn(model)
    assert layers.dropped == "exp"
    assert apart(np.exp(outputs(layers, X))[:, 0], model.predict(X)) < 1e-12


@pytest.mark.parametrize("classes, dropped", [(2, "logistic"), (4, "softmax")])
def test_classifier_gives_logits(classes, dropped):
    labels = np.argsort(np.argsort(X[:, 0])) * classes // len(X)
    model = MLPClassifier(hidden_layer_sizes=(6, 7), max_iter=20, random_state=0).fit(X, labels)
    layers = from_sklearn(model)
    assert layers.dropped == dropped
    logits = outputs(layers, X)
    assert logits.shape == (60, 1 if classes == 2 else classes)
    odds = np.exp(np.hstack([0 * logits, logits]) if classes == 2 else logits)
    assert apart(odds / odds.sum(1, keepdims=True), model.predict_proba(X)) < 1e-12


def test_float32_is_exact():
    model = MLPRegressor(hidden_layer_sizes=(6,), max_iter=20, random_state=0).fit(
        X.astype("f4"), X[:, 0]
    )
    assert model.coefs_[0].dtype == np.float32
    layers = from_sklearn(model)
    assert layers.weights[0].dtype == np.float64 and (layers.weights[0] == model.coefs_[0]).all()


def test_refused():
    with pytest.raises(ValueError, match=r"this MLPRegressor is not fitted; accepted: after .*fit"):
        from_sklearn(MLPRegressor())
    with pytest.raises(TypeError, match="MLPRegressor or MLPClassifier; this is Ridge$"):
        from_sklearn(Ridge().fit(X, X[:, 0]))
    with pytest.raises(TypeError, match="this is Pipeline; of a Pipeline its last step"):
        from_sklearn(make_pipeline(StandardScaler(), MLPRegressor()))
    with pytest.raises(ValueError, match="this MLPRegressor has 1 dense layer; accepted: two"):
        from_sklearn(MLPRegressor(hidden_layer_sizes=(), max_iter=5).fit(X, X[:, 0]))
