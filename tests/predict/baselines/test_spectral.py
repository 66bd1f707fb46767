import cv2
import numpy as np

from tased.predict.baselines.spectral import SpectralResidual, spectral_residual

# opencv-contrib-python-headless 5.0.0: StaticSaliencySpectralResidual_create() with image width and height
# 64, computeSaliency(pattern()), every ninth row and column, rounded to five digits.
OPENCV = [
    [0.02687, 0.06894, 0.09547, 0.74462, 0.16531, 0.07016, 0.07718, 1.0],
    [0.21084, 0.4255, 0.37153, 0.10747, 0.12258, 0.37564, 0.21344, 0.05353],
    [0.3641, 0.09863, 0.0883, 0.2842, 0.20505, 0.12702, 0.1434, 0.26269],
    [0.21115, 0.2337, 0.5433, 0.07655, 0.10855, 0.22065, 0.48848, 0.04446],
    [0.47626, 0.20384, 0.07286, 0.17486, 0.32748, 0.24886, 0.09411, 0.13418],
    [0.17136, 0.18462, 0.46815, 0.07648, 0.09353, 0.19246, 0.5118, 0.09886],
    [0.36631, 0.12563, 0.1223, 0.17163, 0.25606, 0.16274, 0.14195, 0.14185],
    [0.08401, 0.20499, 0.34243, 0.44432, 0.07806, 0.22217, 0.37699, 0.7651],
]


def pattern():
    y, x = np.mgrid[:64, :64]
    disc = (x - 40) ** 2 + (y - 20) ** 2 < 36
    return ((x * 7 + y * 13 + (x * y) % 17 * 5 + disc * 60) % 256).astype(np.uint8)


def test_it_is_its_definition():
    image = np.random.default_rng(0).uniform(size=(12, 16))
    rows, columns = image.shape
    spectrum = np.fft.fft2(image)
    exponent = np.zeros_like(spectrum)
    for v in range(rows):
        for u in range(columns):
            around = [
                np.log(np.abs(spectrum[(v + dv) % rows, (u + du) % columns]))
                for dv in (-1, 0, 1)
                for du in (-1, 0, 1)
            ]
            residual = np.log(np.abs(spectrum[v, u])) - sum(around) / 9
            exponent[v, u] = residual + 1j * np.angle(spectrum[v, u])
    expected = np.abs(np.fft.ifft2(np.exp(exponent))) ** 2
    np.testing.assert_allclose(spectral_residual(image), expected)


def test_it_agrees_with_opencv():
    """OpenCV reflects the spectrum at its border and blurs before it squares, with a 5x5 piece of sigma 8."""
    amplitude = np.sqrt(spectral_residual(pattern() / 255.0))
    ours = cv2.GaussianBlur(amplitude, (5, 5), 8, sigmaY=8) ** 2
    ours /= ours.max()
    np.testing.assert_allclose(ours[::9, ::9], OPENCV, atol=0.02)


def test_an_odd_item_pops_out(frames):
    picture = np.full((180, 320, 3), 60)
    for row in range(20, 170, 30):
        for column in range(20, 310, 30):
            picture[row : row + 12, column : column + 3] = 200
    picture[80:92, 200:203] = 60
    picture[84:87, 196:208] = 200  # lies among the standing ones
    (made,) = SpectralResidual().shot().push(frames([picture])[0])
    row, column = np.unravel_index(int(made.values.argmax()), made.values.shape)
    assert abs(row / 224 - 86 / 180) < 0.06
    assert abs(column / 384 - 202 / 320) < 0.06
