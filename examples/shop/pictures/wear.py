"""Shapes of what one wears, on a field of 200 by 200. `{base}`, `{dark}` and `{light}` are the colours of the thing."""

WEAR = {
    "tee": """<path d="M70 48 L38 66 L48 96 L64 90 V162 H136 V90 L152 96 L162 66 L130 48 C122 62 78 62 70 48Z"
fill="{base}"/> <path d="M70 48 C78 62 122 62 130 48 L124 46 C116 56 84 56 76 46Z" fill="{dark}"/> <path d="M64 90
V162 M136 90 V162" stroke="{dark}" stroke-width="2" opacity=".5"/>""",
    "shirt": """<path d="M72 42 L42 58 L30 140 L50 144 L64 96 V166 H136 V96 L150 144 L170 140 L158 58 L128 42Z"
fill="{base}"/> <path d="M72 42 L100 66 L128 42 L118 36 H82Z" fill="{light}"/><path d="M72 42 L84 74 L100 62 L116 74
L128 42" fill="none" stroke="{dark}" stroke-width="2.5"/><path d="M100 66 V166" stroke="{dark}" stroke-width="2"/>
<g fill="{dark}"><circle cx="104" cy="84" r="2.4"/><circle cx="104" cy="106" r="2.4"/><circle cx="104" cy="128"
r="2.4"/> <circle cx="104" cy="150" r="2.4"/></g>""",
    "sweater": """<path d="M72 46 L42 60 L28 146 L50 150 L62 102 V164 H138 V102 L150 150 L172 146 L158 60 L128 46
C118 58 82 58 72 46Z" fill="{base}"/><path d="M72 46 C82 60 118 60 128 46 L122 42 C114 52 86 52 78 42Z"
fill="{dark}"/> <path d="M62 154 H138 V166 H62Z M28 138 L50 142 V152 L27 148Z M172 138 L150 142 V152 L173 148Z"
fill="{dark}"/> <path d="M76 78 l12 10 12-10 12 10 12-10 M76 98 l12 10 12-10 12 10 12-10 M76 118 l12 10 12-10 12 10
12-10" fill="none" stroke="{light}" stroke-width="4"/>""",
    "coat": """<path d="M74 36 L46 52 L32 142 L54 148 L62 108 V172 H138 V108 L146 148 L168 142 L154 52 L126 36Z"
fill="{base}"/> <path d="M74 36 L92 96 L100 78 L108 96 L126 36 L100 50Z" fill="{light}"/><path d="M100 78 V172"
stroke="{dark}" stroke-width="2.5"/> <path d="M62 112 H138 V122 H62Z" fill="{dark}"/><rect x="93" y="109" width="15"
height="16" rx="2" fill="none" stroke="{light}" stroke-width="3"/><g fill="{dark}"><circle cx="88" cy="134"
r="3"/><circle cx="112" cy="134" r="3"/><circle cx="88" cy="152" r="3"/> <circle cx="112" cy="152" r="3"/></g>""",
    "dress": """<path d="M80 36 L74 62 L82 92 L52 168 C84 178 116 178 148 168 L118 92 L126 62 L120 36 L112 36 L108
52 H92 L88 36Z" fill="{base}"/><path d="M82 90 H118 V98 H82Z" fill="{dark}"/><path d="M92 100 L78 170 M108 100 L122
170 M100 100 V174" stroke="{light}" stroke-width="2" opacity=".55"/><path d="M92 52 H108" stroke="{dark}"
stroke-width="3"/>""",
    "skirt": """<path d="M72 46 H128 L156 164 C120 174 80 174 44 164Z" fill="{base}"/><path d="M72 46 H128 V58 H72Z"
fill="{dark}"/> <path d="M80 58 L62 168 M90 58 L82 170 M100 58 V172 M110 58 L118 170 M120 58 L138 168"
stroke="{dark}" stroke-width="2" opacity=".6"/>""",
    "pants": """<path d="M70 36 H130 L142 168 H110 L100 84 L90 168 H58Z" fill="{base}"/><path d="M70 36 H130 V48
H70Z" fill="{dark}"/> <path d="M100 48 V84 M72 52 C74 62 80 64 86 64 M128 52 C126 62 120 64 114 64" fill="none"
stroke="{dark}" stroke-width="2.5"/> <path d="M80 70 L74 160 M120 70 L126 160" stroke="{light}" stroke-width="2"
opacity=".6"/>""",
    "sneaker": """<path d="M30 134 C30 112 34 96 42 90 C52 98 64 98 72 88 L84 80 C102 104 126 116 158 120 C172 122
176 130 174 142 H30Z" fill="{base}"/><path d="M26 140 H176 C178 152 172 158 164 158 H40 C30 158 26 152 26 140Z"
fill="{light}" stroke="{dark}" stroke-width="1.5"/><path d="M88 96 L78 104 M98 104 L88 113 M109 111 L100 120"
stroke="{dark}" stroke-width="4" stroke-linecap="round"/><path d="M40 124 C62 132 84 130 104 122" fill="none"
stroke="{dark}" stroke-width="5" opacity=".7"/>""",
    "boot": """<path d="M66 38 H112 L114 108 C134 114 160 116 162 140 V152 H62 C64 116 68 76 66 38Z" fill="{base}"/>
<path d="M58 150 H164 V162 H100 V158 H92 V168 H60Z" fill="{dark}"/><path d="M80 62 L98 62 L94 104 L84 104Z"
fill="{dark}" opacity=".6"/> <path d="M66 38 H112 V48 H67Z" fill="{light}"/>""",
    "loafer": """<path d="M32 112 C44 122 62 116 72 108 C92 104 112 110 130 122 C150 128 170 130 172 148 H34 C30 136
30 122 32 112Z" fill="{base}"/><path d="M32 146 H173 V156 H70 V152 H58 V164 H34Z" fill="{dark}"/><path d="M72 108
C92 104 112 110 130 122 C112 132 90 128 72 108Z" fill="{dark}" opacity=".75"/><path d="M92 112 L104 128"
stroke="{light}" stroke-width="6"/>""",
    "slipper": """<path d="M28 134 C28 120 44 120 62 124 H158 C176 126 178 140 174 152 H34 C28 150 28 142 28 134Z"
fill="{light}"/> <path d="M28 144 H175 C176 158 168 162 158 162 H42 C30 162 28 154 28 144Z" fill="{dark}"/> <path
d="M92 126 C98 92 146 88 166 128 L164 140 H90Z" fill="{base}"/>""",
    "bag": """<path d="M74 74 C74 32 126 32 126 74" fill="none" stroke="{dark}" stroke-width="7"/> <path d="M44 72
H156 L164 166 H36Z" fill="{base}"/><path d="M44 72 H156 L157 88 H43Z" fill="{dark}" opacity=".7"/> <rect x="66"
y="108" width="68" height="40" rx="5" fill="{light}" opacity=".7"/><rect x="94" y="82" width="12" height="16" rx="3"
fill="{light}"/>""",
    "umbrella": """<path d="M28 104 C32 58 66 36 100 36 C134 36 168 58 172 104 C160 92 148 92 136 104 C124 92 112 92
100 104 C88 92 76 92 64 104 C52 92 40 92 28 104Z" fill="{base}"/><path d="M64 104 C68 70 84 48 100 36 C116 48 132 70
136 104 C124 92 112 92 100 104 C88 92 76 92 64 104Z" fill="{light}" opacity=".55"/><path d="M100 30 V154 C100 170
122 170 122 154" fill="none" stroke="{dark}" stroke-width="5" stroke-linecap="round"/>""",
    "watch": """<path d="M80 30 H120 L124 66 H76Z M76 134 H124 L120 170 H80Z" fill="{dark}"/><rect x="62" y="58"
width="76" height="84" rx="22" fill="{base}"/><rect x="70" y="66" width="60" height="68" rx="16" fill="#15191d"/>
<path d="M80 104 h10 l5-14 8 26 6-16 h12" fill="none" stroke="#7fd1a0" stroke-width="3"/><rect x="138" y="88"
width="6" height="20" rx="3" fill="{dark}"/>""",
}
