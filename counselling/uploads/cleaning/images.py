"""A picture, decoded under limits and written anew: what was seen stays, nothing else does."""

import math
from io import BytesIO

# All of it is loaded now: later this process can open no file (confinement.py).
from PIL import Image, ImageFile, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin
from PIL.ExifTags import Base
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from counselling.uploads.kinds import LARGEST, Kind, Reason, Refused

MOST_PIXELS = 65_000_000  # of what is sent: today's phones take up to 64 million
KEPT_PIXELS = 16_000_000  # of what is kept: a photographed letter stays readable
LONGEST_SIDE = 30_000  # pixels
QUALITY = 85  # of a JPEG

_LOADED = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin, ImageFileDirectory_v2)
_FORMATS = {Kind.JPEG: "JPEG", Kind.PNG: "PNG", Kind.WEBP: "WEBP", Kind.HEIC: "HEIF"}
_REDUCIBLE = frozenset(["L", "LA", "RGB", "RGBA", "CMYK"])
# How the camera was held (EXIF 2.32, 4.6.4.A): what turns the picture upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Image.MAX_IMAGE_PIXELS = MOST_PIXELS
ImageFile.LOAD_TRUNCATED_IMAGES = False


def prepare(kind: Kind) -> None:
    """Load what a kind needs, while files can still be opened."""
    Image.preinit()
    if kind is Kind.HEIC:
        from pillow_heif import register_heif_opener  # noqa: PLC0415 - only where it is needed

        register_heif_opener(
            decode_threads=1, thumbnails=False, depth_images=False, aux_images=False
        )


def clean(data: bytes, kind: Kind) -> tuple[Kind, bytes, dict[str, int]]:
    """Return a picture as JPEG (as PNG, if it was one or is transparent), upright, and its size.

    EXIF, position, XMP, colour profile, comments, thumbnails, further pictures and whatever stands
    behind the picture are gone, since only its pixels are written. Of an animation the first
    picture is kept. Raises Refused, or whatever Pillow raises for a damaged file.
    """
    try:
        image = Image.open(BytesIO(data), formats=[_FORMATS[kind]])
    except Image.DecompressionBombError:
        raise Refused(Reason.TOO_MANY_PIXELS) from None
    with image:
        width, height = image.size
        if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
            raise Refused(Reason.TOO_MANY_PIXELS)
        turn = _UPRIGHT.get(_orientation(image))
        picture = _decoded(image)
    if turn is not None:
        picture = picture.transpose(turn)
    picture.info = {}
    stored, written = _written(picture, kind)
    return stored, written, {"width": picture.width, "height": picture.height}


def _orientation(image: Image.Image) -> int:
    """Return how the camera was held; a damaged block must not keep the picture away."""
    try:
        return int(image.getexif().get(Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - it is a stranger's block of bytes: anything may happen
        return 1


def _decoded(image: Image.Image) -> Image.Image:
    """Return the pixels, fewer by a whole factor if there are more than are kept."""
    factor = math.ceil(math.sqrt(image.width * image.height / KEPT_PIXELS))
    if factor > 1:
        # A JPEG is decoded smaller right away, which saves most of the work.
        image.draft("RGB", (image.width // factor, image.height // factor))
    image.load()
    # Averaging needs whole values; palettes and single bits become colours first.
    return _plain(_fewer(image)) if image.mode in _REDUCIBLE else _fewer(_plain(image))


def _fewer(image: Image.Image) -> Image.Image:
    factor = math.ceil(math.sqrt(image.width * image.height / KEPT_PIXELS))
    return image.reduce(factor) if factor > 1 else image


def _plain(image: Image.Image) -> Image.Image:
    """Return the pixels as grey, colour, or colour with transparency, eight bits each."""
    if image.mode.startswith("I"):
        # Sixteen bits of grey: a plain conversion would cut them off, not scale them.
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in {"1", "L", "F"} else "RGB")


def _written(picture: Image.Image, kind: Kind) -> tuple[Kind, bytes]:
    if kind is Kind.PNG or (kind is Kind.WEBP and picture.mode == "RGBA"):
        out = BytesIO()
        picture.save(out, "PNG", compress_level=4)
        # A photo as PNG may become larger than it was; then it is kept as what it is.
        if out.tell() <= LARGEST:
            return Kind.PNG, out.getvalue()
    if picture.mode == "RGBA":
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        picture = ground
    out = BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return Kind.JPEG, out.getvalue()
