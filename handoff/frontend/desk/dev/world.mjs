/** A small believable world for working on the desk without the gateway: agents, conversations, orders, cases. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const start = Date.now();
const ago = (ms) => new Date(start - ms).toISOString();
const text = (value) => ({ type: "text", text: value });

export const teams = [
  { id: "after_sales", name: { zh: "售后", en: "After-sales" }, waiting: 2, online: 2 },
  { id: "pre_sales", name: { zh: "售前", en: "Pre-sales" }, waiting: 0, online: 1 },
  { id: "complaints", name: { zh: "投诉", en: "Complaints" }, waiting: 1, online: 1 },
];

const bothTeams = teams.map(({ id, name }) => ({ id, name }));
export const agents = [
  {
    id: "a1",
    name: "林晓雯",
    email: "lin@example.com",
    role: "agent",
    status: "online",
    capacity: 5,
    load: 2,
    teams: bothTeams,
    locale: "zh-Hans",
  },
  {
    id: "a2",
    name: "周铭",
    email: "zhou@example.com",
    role: "agent",
    status: "online",
    capacity: 5,
    load: 4,
    teams: bothTeams.slice(0, 1),
    locale: "zh-Hans",
  },
  {
    id: "a3",
    name: "Grace Lee",
    email: "grace@example.com",
    role: "supervisor",
    status: "away",
    capacity: 8,
    load: 0,
    teams: bothTeams,
    locale: "en",
  },
];

const jacket = {
  sku: "KF-JK-012",
  name: { zh: "轻量防风夹克 雾蓝", en: "Light windbreaker, mist blue" },
  size: "L",
  quantity: 1,
  price: 39900,
  returned: 0,
};
const shoes = {
  sku: "KF-SH-007",
  name: { zh: "缓震跑鞋", en: "Cushioned running shoes" },
  size: "42",
  quantity: 1,
  price: 52900,
  returned: 0,
};

export const orders = {
  jacket: {
    number: "KF202611130042",
    status: "delivered",
    placed_at: ago(9 * 24 * HOUR),
    paid_at: ago(9 * 24 * HOUR - MINUTE),
    delivered_at: ago(5 * 24 * HOUR),
    items: [
      jacket,
      {
        sku: "KF-TS-003",
        name: { zh: "纯棉短袖 白", en: "Cotton tee, white" },
        size: "M",
        quantity: 2,
        price: 7900,
        returned: 0,
      },
    ],
    total: 55700,
    currency: "CNY",
    shipping_fee: 0,
    address: { name: "陈静", phone_masked: "138****2210", text: "上海市徐汇区漕溪北路 88 号 12A" },
    parcels: [
      { tracking_number: "SF1390022178841", carrier: { zh: "顺丰速运", en: "SF Express" }, status: "delivered" },
    ],
    invoice: null,
    returns: [{ id: "r1", kind: "exchange", sku: "KF-JK-012", status: "open" }],
    cancellable: false,
    address_changeable: false,
    returnable_until: new Date(start + 2 * 24 * HOUR).toISOString(),
  },
  shoes: {
    number: "KF202611190117",
    status: "shipped",
    placed_at: ago(3 * 24 * HOUR),
    paid_at: ago(3 * 24 * HOUR),
    delivered_at: null,
    items: [shoes],
    total: 53700,
    currency: "CNY",
    shipping_fee: 800,
    address: { name: "吴磊", phone_masked: "186****7731", text: "广东省深圳市南山区科技园科苑路 9 号" },
    parcels: [
      { tracking_number: "YT8830917724411", carrier: { zh: "圆通速递", en: "YTO Express" }, status: "exception" },
    ],
    invoice: null,
    returns: [],
    cancellable: false,
    address_changeable: false,
    returnable_until: null,
  },
};

export const parcel = {
  tracking_number: "YT8830917724411",
  order_number: "KF202611190117",
  carrier: { zh: "圆通速递", en: "YTO Express" },
  status: "exception",
  eta: new Date(start + 30 * HOUR).toISOString(),
  events: [
    { at: ago(60 * HOUR), place: { zh: "杭州", en: "Hangzhou" }, text: { zh: "已揽收", en: "Picked up" } },
    {
      at: ago(44 * HOUR),
      place: { zh: "杭州转运中心", en: "Hangzhou hub" },
      text: { zh: "已发出，下一站 深圳", en: "Left for Shenzhen" },
    },
    {
      at: ago(20 * HOUR),
      place: { zh: "深圳南山", en: "Nanshan, Shenzhen" },
      text: { zh: "派送失败：地址不详，请联系收件人", en: "Delivery failed: address unclear" },
    },
  ],
};

function turn(turn_no, seq, intent, confidence, anger, extra = {}) {
  const label = anger >= 0.8 ? "angry" : anger >= 0.5 ? "annoyed" : "neutral";
  return {
    turn_no,
    first_seq: seq,
    last_seq: seq,
    state: "answered",
    intent,
    confidence,
    ranking: [
      { name: intent, confidence },
      { name: "track_order", confidence: (1 - confidence) / 2 },
      { name: "ask_faq", confidence: (1 - confidence) / 3 },
    ],
    entities: [],
    mood: { label, anger },
    signals: [],
    took_ms: 40 + turn_no * 17,
    ...extra,
  };
}

function conversation(id, options, lines) {
  const messages = lines.map(([sender, content, minutesAgo, extra], index) => ({
    seq: index + 1,
    prev: index,
    sender,
    sender_id: sender === "agent" ? (extra?.sender_id ?? "a1") : null,
    name: { customer: options.customer.name, bot: "小福", agent: "林晓雯", system: null }[sender],
    content: typeof content === "string" ? text(content) : content,
    created_at: ago(minutesAgo * MINUTE),
    client_id: null,
    private: false,
    kind: null,
    ...extra,
  }));
  return {
    id,
    status: "open",
    locale: "zh-Hans",
    read_seq: 0,
    priority: "normal",
    team: null,
    waiting_since: null,
    reason: null,
    inbox: { id: "web", name: "官网商城", channel: "web" },
    created_at: messages[0].created_at,
    updated_at: messages.at(-1).created_at,
    handoff: null,
    handoffs: [],
    turns: [],
    slots: {},
    cases: [],
    orders: [],
    previous: [],
    ...options,
    messages,
  };
}

const bot = (epoch = 1) => ({ type: "bot", id: null, name: null, epoch });
const queue = (epoch = 2) => ({ type: "queue", id: null, name: null, epoch });
const me = (epoch = 3) => ({ type: "agent", id: "a1", name: "林晓雯", epoch });
const afterSales = { id: "after_sales", name: { zh: "售后", en: "After-sales" } };
const complaints = { id: "complaints", name: { zh: "投诉", en: "Complaints" } };

const exchangeHandoff = {
  id: "h1",
  reason: "anger_rising",
  reasons: [
    { rule: "anger_rising", detail: "0.34 → 0.71", seq: 9 },
    { rule: "repeated_question", detail: "我到底什么时候能收到换的衣服", seq: 9 },
    { rule: "not_understood", detail: "2", seq: 7 },
  ],
  signals: ["fallback", "negative_feedback"],
  summary: "陈静想把雾蓝夹克从 L 换成 XL，换货单已建，催问上门取件时间，情绪变差。",
  slots: {
    active_form: "return_form",
    order_number: "KF202611130042",
    item: "轻量防风夹克 雾蓝",
    return_reason: "wrong_size",
    resolution: "exchange",
    exchange_size: "XL",
    pickup: "door",
  },
  team: afterSales,
  priority: "high",
  requested_at: ago(14 * MINUTE),
  accepted_at: ago(11 * MINUTE),
  accepted_by: { id: "a1", name: "林晓雯" },
  ended_at: null,
  outcome: null,
};

export const conversations = [
  conversation(
    "c_exchange",
    {
      owner: me(),
      customer: { id: "c001", name: "陈静", identifier: "c001", verified: true },
      priority: "high",
      team: afterSales,
      reason: "anger_rising",
      read_seq: 15,
      handoff: exchangeHandoff,
      handoffs: [exchangeHandoff],
      slots: exchangeHandoff.slots,
      orders: [orders.jacket],
      cases: [
        {
          id: "k1",
          number: "E20261121007",
          kind: "exchange",
          status: "open",
          order_number: "KF202611130042",
          summary: "雾蓝夹克 L 换 XL，上门取件",
          data: { sku: "KF-JK-012", quantity: 1, reason: "wrong_size", pickup: "door", exchange_size: "XL" },
          due_at: new Date(start + 5 * HOUR).toISOString(),
          created_at: ago(22 * MINUTE),
        },
      ],
      previous: [
        { id: "c_old", status: "resolved", created_at: ago(40 * 24 * HOUR), summary: "咨询会员积分如何抵扣" },
        {
          id: "c_old2",
          status: "resolved",
          created_at: ago(96 * 24 * HOUR),
          summary: "首单优惠券无法使用，已补发",
        },
      ],
      turns: [
        turn(1, 1, "start_return", 0.94, 0.06, { entities: [{ entity: "item", value: "夹克" }] }),
        turn(2, 3, "inform", 0.88, 0.05, { entities: [{ entity: "exchange_size", value: "XL" }] }),
        turn(3, 5, "affirm", 0.97, 0.04),
        turn(4, 7, "out_of_scope", 0.31, 0.34, { signals: ["fallback"] }),
        turn(5, 9, "check_case_status", 0.62, 0.71, { signals: ["negative_feedback"] }),
      ],
    },
    [
      ["customer", "上周买的夹克小了，想换大一号", 26],
      ["bot", { type: "order", text: "找到这笔订单，可以换货。请问要换成什么尺码？", order: orders.jacket }, 26],
      ["customer", "XL", 25],
      [
        "bot",
        {
          type: "choices",
          text: "好的，XL 有货。取件方式选哪一种？",
          options: [
            { id: "1", title: "上门取件" },
            { id: "2", title: "自行寄回" },
          ],
        },
        25,
      ],
      ["customer", "上门取件", 23],
      ["bot", "换货单 E20261121007 已提交，快递员会上门取件，请保持电话畅通。", 22],
      ["customer", "那快递啥时候来啊 我下午要出门", 17],
      [
        "bot",
        {
          type: "faq",
          text: "抱歉没有完全理解。您可能想问：上门取件一般在提交后 24 小时内安排。",
          entry_id: "pickup-when",
        },
        17,
      ],
      ["customer", "24小时？？我到底什么时候能收到换的衣服，问了两遍了", 15],
      ["system", "已为您转接人工客服，请稍候。", 14],
      ["bot", "换货通常在我们收到旧件后 3 天内寄出新件。", 13, { private: true, kind: "late_draft" }],
      ["system", "客服林晓雯已接入", 11],
      [
        "agent",
        "陈女士您好，我是林晓雯，您的换货单我看到了。取件我帮您约今天 12 点前，您看可以吗？",
        10,
        { client_id: "x1" },
      ],
      ["agent", "已电话联系顺丰，12 点前上门。若客户下午才在家，改约 18–20 点。", 9, { private: true, kind: "note" }],
      ["customer", "可以的，谢谢，那新衣服大概几号能到？", 4],
    ],
  ),
  conversation(
    "c_parcel",
    {
      owner: queue(),
      customer: { id: "c014", name: "吴磊", identifier: "c014", verified: true },
      priority: "urgent",
      team: complaints,
      reason: "legal",
      waiting_since: ago(17 * MINUTE),
      orders: [orders.shoes],
      turns: [
        turn(1, 1, "track_parcel", 0.93, 0.42),
        turn(2, 3, "complain", 0.9, 0.91, { signals: ["negative_feedback"] }),
      ],
      handoff: {
        id: "h2",
        reason: "legal",
        reasons: [
          { rule: "legal", detail: "12315", seq: 3 },
          { rule: "anger_now", detail: "0.91", seq: 3 },
        ],
        signals: ["negative_feedback"],
        summary: "吴磊的跑鞋派送失败被退回网点，两天无人联系，威胁投诉 12315。",
        slots: { order_number: "KF202611190117", tracking_number: "YT8830917724411" },
        team: complaints,
        priority: "urgent",
        requested_at: ago(17 * MINUTE),
        accepted_at: null,
        accepted_by: null,
        ended_at: null,
        outcome: null,
      },
    },
    [
      ["customer", "鞋子怎么还没到，物流卡了两天", 19],
      ["bot", { type: "parcel", text: "您的包裹派送时遇到问题：", parcel }, 19],
      ["customer", "什么叫地址不详！地址写得清清楚楚，再不解决我打12315投诉你们！！", 17],
      ["system", "正在为您转接人工客服，您前面还有 0 位。", 17],
    ],
  ),
  conversation(
    "c_invoice",
    {
      owner: queue(),
      customer: { id: "c022", name: "Mia Thompson", identifier: null, verified: false },
      locale: "en",
      team: afterSales,
      reason: "asked_for_human",
      waiting_since: ago(3 * MINUTE),
      turns: [turn(1, 1, "request_invoice", 0.9, 0.03), turn(2, 3, "request_human", 0.98, 0.1)],
      handoff: {
        id: "h3",
        reason: "asked_for_human",
        reasons: [{ rule: "asked_for_human", detail: "can I talk to a real person please", seq: 3 }],
        signals: [],
        summary: "Wants a company invoice with an overseas tax number.",
        slots: { invoice_title: "Thompson Ltd", email: "mia@example.com" },
        team: afterSales,
        priority: "normal",
        requested_at: ago(3 * MINUTE),
        accepted_at: null,
        accepted_by: null,
        ended_at: null,
        outcome: null,
      },
    },
    [
      ["customer", "I need an invoice for my company, but our tax number has letters in it", 5],
      ["bot", "I can make an invoice. What is the tax number (15 to 20 digits)?", 5],
      ["customer", "can I talk to a real person please", 3],
      ["system", "A colleague will be with you soon.", 3],
    ],
  ),
  conversation(
    "c_size",
    {
      owner: me(2),
      customer: { id: "c031", name: "黃雅婷", identifier: "c031", verified: true },
      locale: "zh-Hant",
      team: teams[1],
      reason: "asked_for_human",
      read_seq: 4,
      turns: [turn(1, 1, "ask_size", 0.81, 0.02)],
    },
    [
      ["customer", "請問防風夾克 170cm 65kg 穿什麼尺碼？", 42],
      [
        "bot",
        {
          type: "product",
          text: "這款夾克的尺碼和庫存：",
          products: [
            {
              sku: "KF-JK-012",
              name: jacket.name,
              category: "jackets",
              description: { zh: "", en: "" },
              price: 39900,
              list_price: 49900,
              currency: "CNY",
              sizes: [
                { size: "M", stock: 4 },
                { size: "L", stock: 0 },
                { size: "XL", stock: 9 },
              ],
              stock: 13,
              delivery_days: [2, 4],
              returnable: true,
              url: null,
              image: null,
            },
          ],
        },
        42,
      ],
      ["customer", "轉人工", 40],
      ["agent", "您好，這個身高體重建議 M 碼，合身；想寬鬆些可選 XL。", 37],
      ["customer", "好，那我拍 M，今天能出貨嗎", 1],
    ],
  ),
  conversation(
    "c_bot1",
    {
      owner: bot(),
      customer: { id: "c040", name: "赵宇航", identifier: "c040", verified: true },
      turns: [turn(1, 1, "ask_faq", 0.86, 0.02)],
    },
    [
      ["customer", "会员生日有优惠吗", 6],
      [
        "bot",
        {
          type: "faq",
          text: "有的：生日当月登录即可领取一张 8 折券，有效期到当月最后一天。",
          entry_id: "member-birthday",
        },
        6,
      ],
    ],
  ),
  conversation(
    "c_bot2",
    {
      owner: bot(),
      customer: { id: "c041", name: null, identifier: null, verified: false },
      turns: [turn(1, 1, "greet", 0.99, 0.01)],
    },
    [
      ["customer", "在吗", 2],
      ["bot", "您好，我是小福，请问有什么可以帮您？", 2],
    ],
  ),
  conversation(
    "c_other",
    {
      owner: { type: "agent", id: "a2", name: "周铭", epoch: 4 },
      customer: { id: "c050", name: "刘思远", identifier: "c050", verified: true },
      team: afterSales,
    },
    [
      ["customer", "退款三天了还没到账", 55],
      ["agent", "我帮您查一下，请稍等。", 50, { sender_id: "a2", name: "周铭" }],
    ],
  ),
  conversation(
    "c_done",
    {
      status: "resolved",
      owner: bot(5),
      customer: { id: "c018", name: "孙倩", identifier: "c018", verified: true },
      team: afterSales,
    },
    [
      ["customer", "发票抬头写错了能改吗", 26 * 60],
      ["agent", "已为您作废重开，新发票 10 分钟内发到邮箱。", 25 * 60],
      ["customer", "收到了谢谢", 25 * 60 - 5],
      ["system", "会话已解决", 25 * 60 - 6],
    ],
  ),
];

// A long one, to scroll and to load older pages.
const long = conversations[3];
const more = Array.from({ length: 150 }, (_, index) => ({
  seq: 0,
  prev: 0,
  sender: index % 2 ? "bot" : "customer",
  sender_id: null,
  name: index % 2 ? "小福" : long.customer.name,
  content: text(index % 2 ? `這是第 ${index} 條回覆，您可以在商品頁查看詳情。` : `請問第 ${index} 款還有貨嗎？`),
  created_at: ago((400 - index) * MINUTE),
  client_id: null,
  private: false,
  kind: null,
}));
long.messages = [...more, ...long.messages].map((message, index) => ({ ...message, seq: index + 1, prev: index }));
long.turns = long.turns.map((one) => ({ ...one, first_seq: 151, last_seq: 151 }));
long.read_seq = 154;
