//! Buyers, all of them made up: the same person for the same account every time.

use serde::Serialize;

use crate::random::mix;

const NAMES: [&str; 8] = [
    "An Example",
    "Bo Example",
    "Chen Example",
    "Ding Example",
    "Fang Example",
    "Gao Example",
    "Hu Example",
    "Jin Example",
];

/// Who bought, as the order query tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Buyer {
    /// The account.
    pub customer_id: String,
    /// The name of the account.
    pub customer_name: String,
    /// The user of the account who bought.
    pub user_id: String,
    /// The name of the user.
    pub user_name: String,
    /// A number that nobody has.
    pub mobile_phone: String,
    /// An address that leads nowhere.
    pub email: String,
}

impl Buyer {
    /// The buyer behind an account.
    pub fn of(customer: &str) -> Self {
        let number = number_of(customer);
        let name = usize::try_from(number % 8)
            .ok()
            .and_then(|index| NAMES.get(index));
        let short = number % 100_000;
        Self {
            customer_id: customer.to_owned(),
            customer_name: format!("example-{short:05}"),
            user_id: format!("{:016x}{number:016x}", mix(number)),
            user_name: name.copied().unwrap_or("Example").to_owned(),
            mobile_phone: format!("138000{short:05}"),
            email: format!("buyer-{short:05}@example.com"),
        }
    }
}

/// A stock-keeping code in the shape of the marketplace's, the same for the same product.
pub fn sku_of(product: &str) -> String {
    let high = number_of(product);
    let digits = format!("{high:016x}{:016x}", mix(high));
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-4{}-8{}-{}",
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32),
    )
}

fn number_of(text: &str) -> u64 {
    text.bytes()
        .fold(0, |number, byte| mix(number ^ u64::from(byte)))
}
