//! How a merchant is told of what was sold, and of the orders behind it.

use chrono::{DateTime, Utc};

use super::{CODE_LETTERS, Callback, Interface, Market, News, Order, OrderKind, Protocol, Sale};
use crate::body::{self, OrderLine};
use crate::call::Call;
use crate::messages::Destination;
use crate::v1;

impl Market {
    /// The call that tells a merchant some news, under an order.
    pub(super) fn tell(
        &mut self,
        sale: &Sale,
        news: News,
        order: &OrderLine,
        months: Option<u32>,
    ) -> Option<Callback> {
        let business_id = if news == News::Bought {
            self.random.text(b"0123456789abcdef", 32)
        } else {
            String::new()
        };
        let interface = sale.sold.interface();
        let destination = self.destination(sale, interface)?;
        let call = match sale.protocol {
            Protocol::V2 => news.body(sale, order, &business_id).map(Call::V2),
            Protocol::SaasV1 | Protocol::LicenseV1 => {
                let occasion = v1::Occasion {
                    order,
                    months,
                    business_id: &business_id,
                };
                let (key, random) = (&destination.key, &mut self.random);
                v1::translate(news, sale, &occasion, key, random).map(Call::V1)
            },
        };
        Some(Callback {
            destination,
            call: call?,
        })
    }

    pub(super) fn destination(&self, sale: &Sale, interface: Interface) -> Option<Destination> {
        self.listing(&sale.listing)?.destination(interface)
    }

    /// Keeps the order, and tells the merchant of it if the listing asks for that.
    pub(super) fn record_order(
        &mut self,
        sale: &Sale,
        kind: OrderKind,
        line: OrderLine,
        months: Option<u32>,
        now: DateTime<Utc>,
    ) -> Option<Callback> {
        let destination = self.destination(sale, Interface::General);
        let notice = destination.map(|destination| Callback {
            destination,
            call: body::order_notify(&line).into(),
        });
        self.orders.push(Order {
            line,
            kind,
            purchase_order: sale.order.order.clone(),
            customer: sale.customer.clone(),
            product: sale.product.clone(),
            amount: sale.amount,
            charging: sale.charging,
            months,
            created_at: now,
            expires_at: sale.term.expires_at,
        });
        notice
    }

    /// An order id in the shape of the marketplace's examples.
    pub(super) fn next_order(&mut self, now: DateTime<Utc>) -> OrderLine {
        let letters = self.random.text(CODE_LETTERS, 5);
        OrderLine::first_of(format!("CS{}{letters}", now.format("%y%m%d%H%M")))
    }
}
