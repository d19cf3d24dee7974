"""Invented firms: obviously invented names, valid credit codes of a reserved-looking pattern."""

from dataclasses import dataclass, replace

from schemas.credit_code import check_character
from schemas.region import province_of
from services.simulator.dice import Dice

__all__ = ["CITIES", "SIGNS", "Firm", "Founder"]

CITIES = {
    "13": (("130100", "石家庄"), ("130200", "唐山"), ("130400", "邯郸"), ("130600", "保定")),
    "14": (("140100", "太原"), ("140400", "长治"), ("140800", "运城"), ("141000", "临汾")),
    "22": (("220100", "长春"), ("220200", "吉林市"), ("220300", "四平")),
    "63": (("630100", "西宁"), ("630200", "海东"), ("632800", "海西")),
    "65": (("650100", "乌鲁木齐"), ("652300", "昌吉")),
    "66": (("660800", "兵团八师"), ("660600", "兵团六师")),
}
"""Cities of the simulated provinces; 66 is how ministry systems write the XPCC (兵团)."""
SIGNS = {"13": "冀", "14": "晋", "22": "吉", "63": "青", "65": "新", "66": "新"}
"""Province sign on a plate."""
_MOST_FIRMS = 99_999
"""Credit codes have five figures for who of a world it is."""
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_WORDS = (
    "晴空", "白桦", "青石", "远山", "长风", "朝露", "银杏", "松涛", "云海", "碧溪",
    "金穗", "红柳", "雪原", "星河", "暖阳", "南塘", "北辰", "东篱", "西岭", "春晓",
    "秋水", "夏荷", "冬青", "竹影", "兰亭", "梅岭", "菊园", "石桥", "柳湾", "枫林",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Firm:
    """A unit of the world. ``region`` is its registered office, ``site`` where it works."""

    uscc: str
    name: str
    region: str
    site: str
    zulu: bool = False
    """Its software writes times in UTC (``Z``) instead of ``+08:00``."""
    decimal_text: bool = False
    """Its software writes tonnes as decimal text instead of numbers."""
    plates: tuple[str, ...] = ()

    @property
    def province(self) -> str:
        """Two digits that decide whether a transfer crosses provinces, by the site."""
        return province_of(self.site)

    @property
    def source(self) -> str:
        """The CloudEvents source of what it posts."""
        return f"urn:uscc:{self.uscc}"

    def at(self, site: str) -> "Firm":
        """Return the same firm at another of its sites."""
        return replace(self, site=site)


class Founder:
    """Founds firms one after the other, never two of one name or code.

    ``before``: how many numbers another founder of the same world may have given away.
    """

    def __init__(self, dice: Dice, before: int = 0) -> None:
        self._dice, self._before = dice, before
        self._names: set[str] = set()
        self._plates: set[str] = set()
        self.firms: list[Firm] = []

    def found(
        self,
        province: str,
        trades: tuple[str, ...],
        plates: int = 0,
        *,
        place: tuple[str, str] | None = None,
        body: str = "91",
        ends: str = "有限公司",
    ) -> Firm:
        """Return a new firm of one of ``trades`` somewhere in the province, or at ``place``.

        ``body`` begins its credit code (91 a company, 12 a public institution), ``ends`` its name's end.
        """
        number = self._before + len(self.firms) + 1
        if number > _MOST_FIRMS:
            raise RuntimeError("no free credit code left")
        region, city = place or self._dice.pick(CITIES[province])
        name = self._name(city, trades, ends)
        seventeen = f"{body}{region}XXXX{number:05d}"
        firm = Firm(
            uscc=seventeen + check_character(seventeen),
            name=name,
            region=region,
            site=region,
            zulu=self._dice.chance(0.2),
            decimal_text=self._dice.chance(0.3),
            plates=self._series(province, number, plates),
        )
        self.firms.append(firm)
        return firm

    def _series(self, province: str, number: int, count: int) -> tuple[str, ...]:
        """Return plates whose first four characters no other firm's have."""
        if not count:
            return ()
        for n in range(len(_LETTERS)):
            first = (
                f"{SIGNS[province]}{_LETTERS[(number % 8 + n) % len(_LETTERS)]}{number % 100:02d}"
            )
            if first not in self._plates:
                break
        else:
            raise RuntimeError("no free plate left")
        self._plates.add(first)
        return tuple(f"{first}{n:02d}X" for n in range(1, count + 1))

    def _name(self, city: str, trades: tuple[str, ...], ends: str) -> str:
        for attempt in range(1000):
            number = "" if attempt < 20 else f"第{attempt}"
            name = f"{city}{self._dice.pick(_WORDS)}示例{number}{self._dice.pick(trades)}{ends}"
            if name not in self._names:
                self._names.add(name)
                return name
        raise RuntimeError("no free name left")
