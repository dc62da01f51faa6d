/** What a shop's bot and people would say: one of everything, for looking at the widget and for its tests. */
import type { Content, Order, Parcel, Product } from "../shared/wire.ts";

const at = (day: number, hour: number): string => new Date(Date.UTC(2026, 10, day, hour, 12)).toISOString();

export const order: Order = {
  number: "KF202611170042",
  status: "shipped",
  placed_at: at(17, 3),
  paid_at: at(17, 3),
  delivered_at: null,
  items: [
    {
      sku: "TEE-01",
      name: { zh: "重磅纯棉短袖 T 恤（水洗墨绿）", en: "Heavyweight cotton tee, washed green" },
      size: "L",
      quantity: 2,
      price: 12900,
    },
    { sku: "CUP-07", name: { zh: "手作粗陶马克杯", en: "Stoneware mug" }, size: null, quantity: 1, price: 8800 },
  ],
  total: 35600,
  currency: "CNY",
  shipping_fee: 1000,
  address: { name: "林晓", phone_masked: "138****5521", text: "浙江省杭州市西湖区文三路 477 号 3 幢 1202 室" },
  parcels: [],
  invoice: null,
  returns: [],
  cancellable: false,
  address_changeable: false,
  returnable_until: at(30, 0),
};

export const parcel: Parcel = {
  tracking_number: "SF1407829964",
  order_number: order.number,
  carrier: { zh: "顺丰速运", en: "SF Express" },
  status: "out_for_delivery",
  eta: at(22, 10),
  events: [
    {
      at: at(22, 1),
      place: { zh: "杭州西湖", en: "Hangzhou" },
      text: { zh: "快件派送中，快递员王师傅正在为您派件", en: "Out for delivery" },
    },
    {
      at: at(21, 14),
      place: { zh: "杭州转运中心", en: "Hangzhou hub" },
      text: { zh: "快件已到达杭州转运中心", en: "Arrived at Hangzhou hub" },
    },
    { at: at(20, 9), place: { zh: "上海", en: "Shanghai" }, text: { zh: "快件已发往杭州", en: "Left for Hangzhou" } },
    { at: at(19, 8), place: { zh: "上海青浦", en: "Shanghai" }, text: { zh: "顺丰速运已收取快件", en: "Picked up" } },
  ],
};

const product = (sku: string, zh: string, en: string, price: number, stock: number, sizes: string[]): Product => ({
  sku,
  name: { zh, en },
  category: "clothes",
  description: { zh: "", en: "" },
  price,
  currency: "CNY",
  list_price: price + 4000,
  sizes: sizes.map((size, index) => ({ size, stock: index === 1 ? 0 : stock })),
  stock,
  delivery_days: [2, 4],
  returnable: true,
  url: `/products/${sku}`,
  image: null,
});

export const products: Product[] = [
  product("TEE-01", "重磅纯棉短袖 T 恤", "Heavyweight cotton tee", 12900, 42, ["S", "M", "L", "XL"]),
  product("HOOD-02", "抓绒连帽卫衣", "Fleece hoodie", 25900, 3, ["M", "L"]),
  product("CUP-07", "手作粗陶马克杯", "Stoneware mug", 8800, 0, []),
];

export const contents = {
  choices: {
    type: "choices",
    text: "您要退哪一件商品？",
    options: [
      { id: "o1", title: "重磅纯棉短袖 T 恤 · L" },
      { id: "o2", title: "手作粗陶马克杯" },
      { id: "o3", title: "都要退" },
    ],
  },
  faq: {
    type: "faq",
    text: "签收后 7 天内、商品完好即可申请无理由退货。\n\n1. 打开“我的订单”\n2. 选择“申请退货”\n3. 预约上门取件\n\n详见 https://shop.example/help/returns。",
    entry_id: "return-how",
  },
  order: { type: "order", text: "这是您的订单：", order },
  parcel: { type: "parcel", text: "您的包裹正在派送，预计今天送达。", parcel },
  product: { type: "product", text: "为您找到几件：", products },
  file: { type: "file", text: "", upload_id: "u1", name: "退货说明.pdf", mime: "application/pdf", size: 184320 },
  csat: {
    type: "csat",
    text: "这次服务您还满意吗？",
    options: [
      { id: "c5", title: "很满意" },
      { id: "c3", title: "一般" },
      { id: "c1", title: "不满意" },
    ],
  },
  form: { type: "form", text: "请告诉我收件人姓名和新地址。", id: "address", fields: [] },
  hostile: { type: "text", text: '<img src=x onerror="alert(1)"><script>alert(2)</script> javascript:alert(3)' },
} satisfies Record<string, Content>;
