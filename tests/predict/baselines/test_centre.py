import numpy as np
import torch

from tased.predict.baselines.centre import Centre


def test_it_is_a_gaussian_pixel_by_pixel(frames, noise):
    (made,) = Centre(sigma_x=0.2, sigma_y=0.1, middle_y=0.4).shot().push(frames([noise(48, 64)])[0])
    expected = np.zeros((224, 384))
    for row in range(224):
        for column in range(384):
            y, x = (row + 0.5) / 224 - 0.4, (column + 0.5) / 384 - 0.5
            expected[row, column] = np.exp(-(y**2) / (2 * 0.1**2) - x**2 / (2 * 0.2**2))
    expected = (expected - expected.min()) / (expected.max() - expected.min())
    torch.testing.assert_close(made.values, torch.from_numpy(expected).float(), atol=1e-5, rtol=0)


def test_the_frame_does_not_matter(frames, noise):
    shot = Centre().shot()
    first, second = (shot.push(frame)[0] for frame in frames([noise(48, 64, 1), noise(64, 48, 2)]))
    assert torch.equal(first.values, second.values)
