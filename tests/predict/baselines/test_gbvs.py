import numpy as np
import pytest

from tased.predict.baselines.gbvs import GBVS, activation, closeness, concentration

SIZE = (5, 6)


def near_by_hand(size, sigma_share):
    sigma = sigma_share * (size[0] + size[1]) / 2
    places = [(row, column) for row in range(size[0]) for column in range(size[1])]
    near = np.zeros((len(places), len(places)))
    for a, (ya, xa) in enumerate(places):
        for b, (yb, xb) in enumerate(places):
            near[a, b] = np.exp(-((ya - yb) ** 2 + (xa - xb) ** 2) / (2 * sigma**2))
    return near


def markov_by_hand(values, size, sigma_share, weight):
    near = near_by_hand(size, sigma_share)
    chain = np.zeros_like(near)
    for a, value in enumerate(values):
        for b, other in enumerate(values):
            chain[a, b] = weight(value, other) * near[a, b]
        chain[a] /= chain[a].sum()
    return chain


def equilibrium(chain):
    """The left eigenvector of eigenvalue one, by a library that knows nothing of reversibility."""
    eigenvalues, eigenvectors = np.linalg.eig(chain.T)
    first = np.argmin(np.abs(eigenvalues - 1))
    vector = np.real(eigenvectors[:, first])
    return vector / vector.sum()


@pytest.fixture(params=range(5))
def values(request):
    return np.random.default_rng(request.param).uniform(0.05, 1, SIZE[0] * SIZE[1]).astype(np.float32)


def test_closeness_is_its_definition():
    np.testing.assert_allclose(closeness(SIZE, 0.15), near_by_hand(SIZE, 0.15), rtol=1e-5, atol=1e-11)


def test_rows_of_the_explicit_chain_sum_to_one(values):
    chain = markov_by_hand(values, SIZE, 0.15, lambda here, there: abs(here - there))
    np.testing.assert_allclose(chain.sum(axis=1), 1)


def test_activation_is_the_equilibrium_of_the_explicit_chain(values):
    chain = markov_by_hand(values, SIZE, 0.15, lambda here, there: abs(here - there))
    (ours,) = activation(values[None], closeness(SIZE, 0.15))
    np.testing.assert_allclose(ours, equilibrium(chain), rtol=1e-4)
    assert ours.sum() == pytest.approx(1)


def test_concentration_is_the_equilibrium_of_the_explicit_chain(values):
    chain = markov_by_hand(values, SIZE, 0.3, lambda _, there: there)
    (ours,) = concentration(values[None], closeness(SIZE, 0.3))
    np.testing.assert_allclose(ours, equilibrium(chain), rtol=1e-4)
    assert ours.sum() == pytest.approx(1)


def test_walkers_on_a_flat_map_are_everywhere():
    flat = np.full((1, 30), 0.7, dtype=np.float32)
    np.testing.assert_allclose(activation(flat, closeness(SIZE, 0.15)), 1 / 30)


def bars(odd=None, *, colour=(200, 200, 200), turned=False, shift=0, odd_shift=0):
    """A field of standing bars; the odd one may lie down, have another colour or be displaced."""
    picture = np.full((180, 320, 3), 60)
    for row in range(20, 170, 28):
        for column in range(20, 310, 28):
            if (row, column) == odd:
                top, left = row, column + odd_shift
                if turned:
                    picture[top + 6 : top + 10, left - 6 : left + 10] = colour
                else:
                    picture[top : top + 16, left : left + 4] = colour
            else:
                picture[row : row + 16, column + shift : column + shift + 4] = 200
    return picture


def peak(made):
    row, column = np.unravel_index(int(made.values.argmax()), made.values.shape)
    return row / 224 * 180, column / 384 * 320


@pytest.mark.parametrize("odd", [(76, 76), (104, 216)])
def test_an_odd_colour_pops_out(frames, odd):
    (made,) = GBVS().shot().push(frames([bars(odd, colour=(230, 60, 60))])[0])
    assert np.hypot(*np.subtract(peak(made), np.add(odd, (8, 2)))) < 28


@pytest.mark.parametrize("odd", [(76, 104), (104, 216)])
def test_an_odd_orientation_pops_out(frames, odd):
    model = GBVS(
        colour=0.0, intensity=0.0
    )  # the bar's luminance moves with it: orientation alone is asked for
    (made,) = model.shot().push(frames([bars(odd, turned=True)])[0])
    assert np.hypot(*np.subtract(peak(made), np.add(odd, (8, 2)))) < 28


@pytest.mark.parametrize("odd", [(76, 76), (104, 216)])
def test_the_only_thing_that_moves_pops_out(frames, odd):
    shot = GBVS().shot()
    for frame in frames([bars(odd, odd_shift=2 * i) for i in range(4)]):
        (made,) = shot.push(frame)
    assert np.hypot(*np.subtract(peak(made), np.add(odd, (8, 8)))) < 28


def test_a_weight_of_zero_silences_a_channel(frames, noise):
    gray = np.repeat(noise(90, 160)[..., :1], 3, axis=-1)
    coloured = gray.copy()
    coloured[30:50, 100:130] = (250, 20, 20)
    (made,) = GBVS(intensity=0.0, orientation=0.0).shot().push(frames([coloured])[0])
    row, column = np.unravel_index(int(made.values.argmax()), made.values.shape)
    assert 25 < row / 224 * 90 < 55
    assert 95 < column / 384 * 160 < 135
