/** Order, parcel and product cards. Fields that a shop leaves out are left out here. */
import { useState } from "preact/hooks";
import type { Order, Parcel, Product } from "../../../shared/wire";
import { useLanguage } from "./context";
import { BoxIcon, TruckIcon } from "./icons";
import { safeAddress } from "./linkify";

const SHOWN_ITEMS = 4;
const SHOWN_EVENTS = 3;
const FEW = 5;

export function OrderCard({ order }: { order: Order }) {
  const language = useLanguage();
  const items = order.items ?? [];
  const hidden = items.length - SHOWN_ITEMS;
  const status = language.word("order", order.status) ?? order.status;
  return (
    <section class="card" aria-label={`${language.t("order")} ${order.number}`}>
      <header class="card-head">
        <BoxIcon />
        <span class="card-title">{order.number}</span>
        <span class={`tag ${tone(order.status)}`}>{status}</span>
      </header>
      <ul class="lines">
        {items.slice(0, SHOWN_ITEMS).map((item, index) => (
          <li key={index}>
            <span class="grow">
              {language.pick(item.name)}
              {(item.size || !!item.returned) && (
                <span class="quiet small">
                  {" "}
                  {language.join(item.size, item.returned ? language.t("returned") : null)}
                </span>
              )}
            </span>
            <span class="quiet">×{item.quantity}</span>
            <span class="number">{language.money(item.price, order.currency)}</span>
          </li>
        ))}
        {hidden > 0 && <li class="quiet">{language.t("more_items", { n: hidden })}</li>}
      </ul>
      <footer class="card-foot">
        <div class="line">
          <span class="grow quiet">
            {language.join(
              language.date(order.placed_at),
              order.shipping_fee > 0
                ? language.t("shipping_fee", {
                    fee: language.money(order.shipping_fee, order.currency),
                  })
                : language.t("free_shipping"),
            )}
          </span>
          <strong class="number">{language.money(order.total, order.currency)}</strong>
        </div>
        {order.address && (
          <div class="quiet small">
            {[order.address.name, order.address.phone_masked, order.address.text].filter(Boolean).join("  ")}
          </div>
        )}
        {order.returnable_until && (
          <div class="quiet small">
            {language.t("returnable_until", { date: language.date(order.returnable_until) })}
          </div>
        )}
      </footer>
    </section>
  );
}

export function ParcelCard({ parcel }: { parcel: Parcel }) {
  const language = useLanguage();
  const [all, showAll] = useState(false);
  const events = [...(parcel.events ?? [])].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const shown = all ? events : events.slice(0, SHOWN_EVENTS);
  return (
    <section class="card" aria-label={`${language.t("parcel")} ${parcel.tracking_number}`}>
      <header class="card-head">
        <TruckIcon />
        <span class="card-title">
          {language.pick(parcel.carrier)} <span class="quiet">{parcel.tracking_number}</span>
        </span>
        <span class={`tag ${tone(parcel.status)}`}>{language.word("parcel", parcel.status) ?? parcel.status}</span>
      </header>
      {parcel.eta && parcel.status !== "delivered" && (
        <div class="eta">{language.t("parcel_eta", { date: language.date(parcel.eta) })}</div>
      )}
      <ol class="timeline">
        {shown.map((event, index) => (
          <li key={event.at + index} class={index === 0 ? "latest" : ""}>
            <div>{language.pick(event.text)}</div>
            <div class="quiet small">
              {[language.dateTime(event.at), language.pick(event.place)].filter(Boolean).join("  ")}
            </div>
          </li>
        ))}
      </ol>
      {shown.length < events.length && (
        <button type="button" class="link" onClick={() => showAll(true)}>
          {language.t("parcel_earlier", { n: events.length - shown.length })}
        </button>
      )}
    </section>
  );
}

export function ProductCards({ products }: { products: Product[] }) {
  return (
    <ul class={products.length > 1 ? "products many" : "products"} tabIndex={products.length > 1 ? 0 : undefined}>
      {products.map((product) => (
        <ProductCard key={product.sku} product={product} />
      ))}
    </ul>
  );
}

function ProductCard({ product }: { product: Product }) {
  const language = useLanguage();
  const [broken, setBroken] = useState(false);
  const name = language.pick(product.name);
  const image = safeAddress(product.image, document.baseURI);
  const address = safeAddress(product.url, document.baseURI);
  const sameSite = address !== null && new URL(address).origin === window.location.origin;
  const sizes = (product.sizes ?? []).filter((size) => size.size);
  return (
    <li class="card product">
      <div class="picture">
        {image && !broken ? (
          <img src={image} alt="" loading="lazy" referrerpolicy="no-referrer" onError={() => setBroken(true)} />
        ) : (
          <span aria-hidden="true">{[...name][0]}</span>
        )}
      </div>
      <div class="product-body">
        <div class="product-name">{name}</div>
        <div>
          <strong class="price">{language.money(product.price, product.currency)}</strong>{" "}
          {(product.list_price ?? 0) > product.price && (
            <s class="quiet small">{language.money(product.list_price ?? 0, product.currency)}</s>
          )}
        </div>
        <div class="small">
          <Stock stock={product.stock} />
          {product.delivery_days && product.stock > 0 && (
            <span class="quiet">
              {"  "}
              {language.t("delivery_days", {
                from: product.delivery_days[0],
                to: product.delivery_days[1],
              })}
            </span>
          )}
        </div>
        {sizes.length > 0 && (
          <div class="sizes">
            {sizes.map((size) => (
              <span key={size.size} class={size.stock > 0 ? "size" : "size out"}>
                {size.size}
              </span>
            ))}
          </div>
        )}
        {address && (
          <a class="view" href={address} target={sameSite ? "_top" : "_blank"} rel="noopener noreferrer">
            {language.t("view_product")}
            <span class="hidden"> {name}</span>
          </a>
        )}
      </div>
    </li>
  );
}

function Stock({ stock }: { stock: number }) {
  const language = useLanguage();
  if (!(stock > 0)) return <span class="out">{language.t("sold_out")}</span>;
  return stock <= FEW ? (
    <span class="few">{language.t("few_left", { n: stock })}</span>
  ) : (
    <span class="good">{language.t("in_stock")}</span>
  );
}

function tone(status: string): string {
  if (["delivered", "completed", "refunded"].includes(status)) return "good";
  if (["cancelled", "label"].includes(status)) return "dull";
  return ["unpaid", "exception", "refunding"].includes(status) ? "warn" : "busy";
}
