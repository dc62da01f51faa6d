"""Shapes of all other goods, on a field of 200 by 200. `{base}`, `{dark}` and `{light}` are colours of the thing."""

GOODS = {
    "earbuds": """<rect x="52" y="104" width="96" height="62" rx="28" fill="{base}" stroke="{dark}"
stroke-width="2"/> <path d="M52 128 H148" stroke="{dark}" stroke-width="2"/><circle cx="100" cy="142" r="3"
fill="#6fb58a"/> <path d="M74 40 a17 17 0 0 1 17 17 v34 a6 6 0 0 1 -12 0 V72 A17 17 0 0 1 74 40Z" fill="{base}"
stroke="{dark}" stroke-width="2"/> <path d="M126 40 a17 17 0 0 0 -17 17 v34 a6 6 0 0 0 12 0 V72 A17 17 0 0 0 126
40Z" fill="{base}" stroke="{dark}" stroke-width="2"/> <circle cx="72" cy="58" r="6" fill="{dark}"/><circle cx="128"
cy="58" r="6" fill="{dark}"/>""",
    "headphones": """<path d="M46 116 C42 32 158 32 154 116" fill="none" stroke="{dark}" stroke-width="10"/> <rect
x="34" y="102" width="32" height="58" rx="15" fill="{base}"/><rect x="134" y="102" width="32" height="58" rx="15"
fill="{base}"/> <rect x="58" y="106" width="13" height="50" rx="6" fill="{light}"/><rect x="129" y="106" width="13"
height="50" rx="6" fill="{light}"/>""",
    "speaker": """<rect x="52" y="38" width="96" height="130" rx="26" fill="{base}"/><circle cx="100" cy="118"
r="33" fill="{dark}"/> <circle cx="100" cy="118" r="18" fill="{light}"/><circle cx="100" cy="64" r="13"
fill="{dark}"/><circle cx="100" cy="64" r="6" fill="{light}"/>""",
    "powerbank": """<rect x="60" y="36" width="80" height="132" rx="14" fill="{base}"/><rect x="66" y="42"
width="68" height="120" rx="10" fill="none" stroke="{light}" stroke-width="1.5" opacity=".6"/><g
fill="#7fd1a0"><circle cx="84" cy="146" r="3.2"/> <circle cx="95" cy="146" r="3.2"/><circle cx="106" cy="146"
r="3.2"/></g><circle cx="117" cy="146" r="3.2" fill="{light}"/> <path d="M104 66 L86 100 H98 L94 126 L116 90 H102Z"
fill="{light}"/>""",
    "charger": """<rect x="56" y="66" width="88" height="100" rx="18" fill="{base}" stroke="{dark}"
stroke-width="2"/> <path d="M80 66 V40 H90 V66 M110 66 V40 H120 V66" fill="{dark}"/><rect x="78" y="98" width="44"
height="10" rx="5" fill="{dark}"/> <rect x="78" y="116" width="44" height="10" rx="5" fill="{dark}"/><rect x="84"
y="136" width="32" height="12" rx="2" fill="{dark}" opacity=".6"/>""",
    "keyboard": """<rect x="24" y="76" width="152" height="72" rx="10" fill="{base}"/><g fill="{light}"> <path
d="M34 86h14v12H34zm18 0h14v12H52zm18 0h14v12H70zm18 0h14v12H88zm18 0h14v12h-14zm18 0h14v12h-14zm18 0h14v12h-14z"/>
<path d="M34 102h20v12H34zm24 0h14v12H58zm18 0h14v12H76zm18 0h14v12H94zm18 0h14v12h-14zm18 0h14v12h-14zm18
0h8v12h-8z"/> <path d="M34 118h14v14H34zm18 0h14v14H52zm18 0h56v14H70zm60 0h14v14h-14z"/></g><path d="M148
118h8v14h-8z" fill="#c4605a"/>""",
    "mouse": """<path d="M100 38 C136 38 144 70 144 106 C144 146 126 168 100 168 C74 168 56 146 56 106 C56 70 64 38
100 38Z" fill="{base}"/> <path d="M100 38 V96 M56 98 C80 108 120 108 144 98" fill="none" stroke="{dark}"
stroke-width="2.5"/><rect x="94" y="56" width="12" height="28" rx="6" fill="{dark}"/>""",
    "lamp": """<path d="M72 40 L134 62 L116 100 L58 78Z" fill="{base}" stroke="{dark}" stroke-width="2"/><path
d="M62 82 L112 102 L86 152 L30 128Z" fill="#f6dc8f" opacity=".4"/><path d="M112 58 L150 92 L124 160" fill="none"
stroke="{dark}" stroke-width="6" stroke-linejoin="round"/><rect x="94" y="156" width="62" height="13" rx="6"
fill="{dark}"/>""",
    "vacuum": """<path d="M40 118 L112 60 L150 100 L70 158Z" fill="{base}" stroke="{dark}" stroke-width="2"/><path
d="M40 118 L70 158 L46 168 L26 140Z" fill="{dark}"/><circle cx="122" cy="88" r="24" fill="{light}" stroke="{dark}"
stroke-width="3"/> <path d="M112 60 C134 26 176 56 150 100" fill="none" stroke="{dark}" stroke-width="11"/><circle
cx="122" cy="88" r="9" fill="{dark}"/>""",
    "bedding": """<path d="M28 84 L60 60 H140 L172 84 V160 H28Z" fill="{light}"/><rect x="46" y="62" width="48"
height="32" rx="10" fill="#fff"/><rect x="106" y="62" width="48" height="32" rx="10" fill="#fff"/><path d="M24 104
C62 92 138 92 176 104 V164 H24Z" fill="{base}"/><path d="M24 104 C62 92 138 92 176 104 V118 C138 106 62 106 24 118Z"
fill="{dark}" opacity=".55"/> <path d="M62 124 V164 M100 120 V164 M138 124 V164" stroke="{light}" stroke-width="2"/>""",
    "pillow": """<path d="M34 76 C66 88 134 88 166 76 C158 104 158 124 166 152 C134 140 66 140 34 152 C42 124 42 104
34 76Z" fill="{base}" stroke="{dark}" stroke-width="2.5"/><path d="M58 100 C80 92 120 92 142 100" fill="none"
stroke="{dark}" stroke-width="2.5" opacity=".6"/>""",
    "flask": """<rect x="72" y="60" width="56" height="110" rx="14" fill="{base}"/><path d="M78 34 H122 V60 H78Z"
fill="{dark}"/> <rect x="72" y="56" width="56" height="9" fill="{light}"/><path d="M84 76 V152" stroke="{light}"
stroke-width="6" stroke-linecap="round" opacity=".7"/>""",
    "mug": """<path d="M124 84 C170 76 170 142 122 136" fill="none" stroke="{dark}" stroke-width="10"/><path d="M48
66 H132 L126 154 C124 168 56 168 54 154Z" fill="{base}"/><path d="M49 78 C74 92 106 72 131 86 L132 66 H48Z"
fill="{dark}" opacity=".6"/> <ellipse cx="90" cy="66" rx="42" ry="8" fill="{light}"/>""",
    "cup": """<path d="M62 62 H138 L128 168 H72Z" fill="{base}"/><path d="M56 50 H144 V64 H56Z" fill="{dark}"/><path
d="M66 96 H134 L130 134 H70Z" fill="{light}"/><path d="M88 40 C84 32 94 28 90 20 M108 40 C104 32 114 28 110 20"
fill="none" stroke="{dark}" stroke-width="3" stroke-linecap="round" opacity=".5"/>""",
    "pan": """<path d="M36 96 H164 C164 140 142 160 100 160 C58 160 36 140 36 96Z" fill="{base}"/><path d="M30 88
H170 V98 H30Z" fill="{dark}"/> <path d="M44 86 C60 62 140 62 156 86Z" fill="{light}"/><circle cx="100" cy="60" r="8"
fill="{dark}"/><path d="M20 90 H34 V102 H20Z M166 90 H180 V102 H166Z" fill="{dark}"/>""",
    "towel": """<rect x="40" y="104" width="120" height="26" rx="11" fill="{light}"/><rect x="40" y="138"
width="120" height="26" rx="11" fill="{base}"/><rect x="48" y="70" width="104" height="26" rx="11"
fill="{base}"/><path d="M128 70 V96 M136 104 V130 M136 138 V164" stroke="{dark}" stroke-width="4" opacity=".6"/>""",
    "diffuser": """<path d="M62 166 C48 112 80 74 100 74 C120 74 152 112 138 166Z" fill="{base}"/><path d="M62 166
C60 158 58 150 59 142 H141 C142 150 140 158 138 166Z" fill="{dark}"/><path d="M100 68 C88 54 112 46 100 30 M112 66
C106 56 122 50 116 40" fill="none" stroke="#b9c7c0" stroke-width="4" stroke-linecap="round"/><path d="M84 96 C76 108
72 120 72 132" fill="none" stroke="{light}" stroke-width="4"/>""",
    "box": """<path d="M36 82 L100 60 L164 82 V152 L100 172 L36 152Z" fill="{base}"/><path d="M36 82 L100 104 L164
82 L100 60Z" fill="{light}"/><path d="M100 104 V172 L164 152 V82Z" fill="{dark}" opacity=".5"/><rect x="52" y="112"
width="32" height="24" rx="4" fill="{light}" opacity=".7"/>""",
    "jar": """<rect x="52" y="84" width="96" height="82" rx="18" fill="{base}"/><rect x="58" y="56" width="84"
height="30" rx="7" fill="{dark}"/> <rect x="64" y="104" width="72" height="42" rx="5" fill="#fff"
opacity=".85"/><path d="M76 118 H124 M84 130 H116" stroke="{dark}" stroke-width="3"/>""",
    "tube": """<path d="M62 36 H138 L126 142 H74Z" fill="{base}"/><path d="M60 32 H140 V42 H60Z"
fill="{light}"/><rect x="78" y="142" width="44" height="26" rx="6" fill="{dark}"/><path d="M84 70 H116 M88 84 H112"
stroke="#fff" stroke-width="4"/>""",
    "lipstick": """<rect x="76" y="112" width="48" height="56" rx="5" fill="#3b3f46"/><rect x="82" y="86" width="36"
height="28" fill="#d8c3a0"/><path d="M86 88 V56 C86 46 102 34 114 36 V88Z" fill="{base}"/><path d="M114 36 C104 44
98 52 98 62 V88 H114Z" fill="{dark}" opacity=".45"/>""",
    "pouch": """<path d="M54 42 H146 L152 160 C120 170 80 170 48 160Z" fill="{base}"/><path d="M54 42 H146 L147 60
H53Z" fill="{dark}"/> <circle cx="100" cy="112" r="30" fill="#fff" opacity=".88"/><path d="M100 92 C116 102 116 122
100 132 C84 122 84 102 100 92Z" fill="{base}"/><path d="M56 66 H144" stroke="{light}" stroke-width="2"
stroke-dasharray="4 4"/>""",
    "pump": """<rect x="64" y="78" width="72" height="90" rx="16" fill="{base}"/><path d="M90 60 H110 V78 H90Z"
fill="{dark}"/><path d="M96 60 V44 H70 V52 M104 60 V44 H96" fill="none" stroke="{dark}" stroke-width="8"/><rect
x="74" y="104" width="52" height="40" rx="5" fill="#fff" opacity=".85"/><path d="M84 118 H116 M90 130 H110"
stroke="{dark}" stroke-width="3"/>""",
    "perfume": """<rect x="58" y="80" width="84" height="86" rx="12" fill="{light}" stroke="{dark}"
stroke-width="2"/><path d="M64 108 H136 V152 C136 158 134 160 130 160 H70 C66 160 64 158 64 152Z" fill="{base}"
opacity=".85"/><rect x="90" y="64" width="20" height="16" fill="#d8c3a0"/><rect x="82" y="38" width="36" height="28"
rx="6" fill="{dark}"/>""",
    "toothbrush": """<rect x="86" y="78" width="28" height="92" rx="13" fill="{base}"/><rect x="94" y="44"
width="12" height="36" fill="{light}"/><rect x="88" y="28" width="24" height="26" rx="7" fill="#fff" stroke="{dark}"
stroke-width="2"/><path d="M94 30 V48 M100 30 V48 M106 30 V48" stroke="{base}" stroke-width="3"/><circle cx="100"
cy="104" r="6" fill="#fff"/>""",
    "tin": """<rect x="58" y="60" width="84" height="106" rx="8" fill="{base}"/><ellipse cx="100" cy="60" rx="42"
ry="11" fill="{light}"/> <path d="M58 76 H142" stroke="{dark}" stroke-width="3"/><rect x="78" y="92" width="44"
height="56" fill="#fff" opacity=".88"/> <path d="M100 102 C114 112 114 130 100 140 C86 130 86 112 100 102Z M100 104
V142" fill="{base}" stroke="{dark}" stroke-width="1.5"/>""",
    "chocolate": """<rect x="54" y="42" width="92" height="124" rx="6" fill="{base}"/><g fill="{dark}" opacity=".7">
<path d="M62 50h34v22H62zm42 0h34v22h-34zM62 80h34v22H62zm42 0h34v22h-34z"/></g><path d="M50 108 L150 100 V170 H50Z"
fill="#e3bd63"/> <path d="M50 108 L150 100 V112 L50 120Z" fill="#b58f39"/>""",
    "cookie": """<circle cx="78" cy="98" r="38" fill="#e9cf9d"/><circle cx="124" cy="126" r="38" fill="#dfbf84"/><g
fill="{base}"> <circle cx="78" cy="98" r="18"/><circle cx="124" cy="126" r="18"/></g><g fill="{dark}"
opacity=".6"><circle cx="78" cy="98" r="8"/> <circle cx="124" cy="126" r="8"/></g>""",
}
