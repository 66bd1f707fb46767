import numpy as np
import pytest
from scipy import ndimage

from tased.predict.baselines.camera import STILL, camera_motion
from tased.predict.baselines.motion import Motion


def texture(size=(120, 200), seed=0):
    rough = np.random.default_rng(seed).uniform(size=size)
    smooth = ndimage.gaussian_filter(rough, 2.5, mode="wrap")
    return ((smooth - smooth.min()) / (smooth.max() - smooth.min())).astype(np.float32)


def seen_through(scene, matrix, offset, size=(80, 130), corner=(20, 35)):
    """A window on the scene whose pixel p shows matrix @ p + offset."""
    return ndimage.affine_transform(scene, matrix, np.add(offset, corner), output_shape=size, order=3)


@pytest.mark.parametrize(
    ("matrix", "offset"),
    [
        (np.eye(2), (0.0, 0.0)),
        (np.eye(2), (0.4, -0.7)),
        (np.eye(2), (6.0, 9.0)),
        (np.array([[1.02, 0.0], [0.0, 1.02]]), (-0.8, -1.3)),
        (np.array([[1.0, 0.015], [-0.015, 1.0]]), (1.2, -2.0)),
    ],
    ids=["still", "drift", "pan", "zoom", "roll"],
)
def test_the_camera_is_followed(matrix, offset):
    scene = texture()
    earlier = seen_through(scene, np.eye(2), (0, 0))
    current = seen_through(scene, matrix, offset)
    motion = camera_motion(earlier, current)
    for place in [(10, 10), (40, 65), (70, 120)]:
        np.testing.assert_allclose(
            motion.matrix @ place + motion.offset, matrix @ place + np.asarray(offset), atol=0.15
        )


def test_a_large_mover_does_not_take_the_camera_along():
    scene = texture()
    earlier, current = (seen_through(scene, np.eye(2), offset) for offset in [(0, 0), (0, 2)])
    other = texture(seed=1)
    earlier[20:60, 30:70] = other[20:60, 30:70]
    current[20:60, 30:70] = other[20:60, 34:74]
    motion = camera_motion(earlier, current)
    np.testing.assert_allclose(motion.matrix @ (40, 65) + motion.offset, (40, 67), atol=0.3)


def test_a_blank_scene_has_no_motion():
    blank = np.full((40, 60), 0.5, dtype=np.float32)
    motion = camera_motion(blank, blank)
    np.testing.assert_allclose(motion.matrix, STILL.matrix)
    np.testing.assert_allclose(motion.offset, STILL.offset)


def scene_with_mover(step, *, pan):
    """A textured wide scene panned by `pan` pixels a frame; a textured patch walks to the right over it."""
    world = (texture((360, 900), seed=3) * 255).astype(np.uint8)
    picture = world[60:300, 100 + pan * step : 500 + pan * step].copy()
    patch = (texture((40, 40), seed=4) * 255).astype(np.uint8)
    column = 200 + 3 * step
    picture[90:130, column : column + 40] = patch
    return np.repeat(picture[..., None], 3, axis=-1), (110 / 240, (column + 20) / 400)


@pytest.mark.parametrize("pan", [0, 4, -7])
def test_what_moves_against_the_camera_wins(frames, pan):
    pictures, places = zip(*(scene_with_mover(step, pan=pan) for step in range(8)), strict=True)
    shot = Motion().shot()
    for frame in frames(list(pictures)):
        (made,) = shot.push(frame)
    row, column = np.unravel_index(int(made.values.argmax()), made.values.shape)
    assert abs(row / 224 - places[-1][0]) < 0.1
    assert abs(column / 384 - places[-1][1]) < 0.1


def test_a_still_scene_falls_back_on_contrast_near_the_centre(frames):
    picture = np.full((240, 400, 3), 90)
    picture[90:130, 230:270] = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((5, 5)))[..., None] * 200
    shot = Motion().shot()
    for frame in frames([picture] * 4):
        (made,) = shot.push(frame)
    row, column = np.unravel_index(int(made.values.argmax()), made.values.shape)
    assert abs(row / 224 - 110 / 240) < 0.1
    assert 0.5 < column / 384 < 0.68


def test_a_blank_scene_falls_back_on_the_prior(frames):
    model = Motion()
    blank = frames([np.full((90, 160, 3), 120)])[0]
    (made,) = model.shot().push(blank)
    (prior,) = model.prior.shot().push(blank)
    np.testing.assert_allclose(made.values, prior.values, atol=0.01)


def test_what_stopped_is_forgotten(frames):
    moving = [scene_with_mover(step, pan=0)[0] for step in range(8)]
    shot = Motion(still_weight=0.0).shot()
    for frame in frames(moving + [moving[-1]] * 75):
        made = shot.push(frame)
        if frame.index == 7:
            (while_moving,) = made
    share = [float(m.values[:, 192:].sum() / m.values.sum()) for m in (while_moving, made[0])]
    assert share[0] > share[1]
