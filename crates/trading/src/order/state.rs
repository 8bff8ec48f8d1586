//! The states of an order and the only moves between them.

use std::fmt;

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderState {
    /// Made, not yet sent.
    Initialized,
    /// Sent, not yet answered.
    Pending,
    /// Working in the market.
    Accepted,
    /// Filled in part, the rest is working.
    PartiallyFilled,
    /// Filled whole.
    Filled,
    /// Its cancellation was sent, not yet answered.
    CancelPending,
    /// Taken back.
    Cancelled,
    /// Refused by risk or by the market.
    Rejected,
    /// Its time ran out.
    Expired,
}

/// What happens to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderEvent {
    /// It was sent.
    Submitted,
    /// The market took it.
    Accepted,
    /// It was refused.
    Rejected,
    /// A part of it, not the last, was filled.
    PartFilled,
    /// All of it, or the rest, was filled.
    Filled,
    /// Its cancellation was sent.
    CancelSent,
    /// It was taken back.
    Cancelled,
    /// Its time ran out.
    Expired,
    /// Its level or size was changed.
    Modified,
}

/// The event cannot happen in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an order that is `{from}` cannot be `{event:?}`")]
pub struct IllegalMove {
    /// The state the order is in.
    pub from: OrderState,
    /// What was to happen.
    pub event: OrderEvent,
}

impl OrderState {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Initialized,
        Self::Pending,
        Self::Accepted,
        Self::PartiallyFilled,
        Self::Filled,
        Self::CancelPending,
        Self::Cancelled,
        Self::Rejected,
        Self::Expired,
    ];

    /// The state after `event`.
    ///
    /// A fill may arrive before the acceptance and after a cancellation was sent: the market
    /// decides, we only learn.
    ///
    /// # Errors
    /// If the table has no such move.
    pub fn on(self, event: OrderEvent) -> Result<Self, IllegalMove> {
        use {OrderEvent as E, OrderState as S};
        match (self, event) {
            (S::Initialized, E::Submitted) => Ok(S::Pending),
            (S::Initialized | S::Pending, E::Rejected) => Ok(S::Rejected),
            (S::Pending, E::Accepted) => Ok(S::Accepted),
            (S::Pending | S::Accepted | S::PartiallyFilled, E::PartFilled) => {
                Ok(S::PartiallyFilled)
            }
            (S::CancelPending, E::PartFilled) => Ok(S::CancelPending),
            (S::Pending | S::Accepted | S::PartiallyFilled | S::CancelPending, E::Filled) => {
                Ok(S::Filled)
            }
            (S::Pending | S::Accepted | S::PartiallyFilled, E::CancelSent) => Ok(S::CancelPending),
            (
                S::Initialized | S::Pending | S::Accepted | S::PartiallyFilled | S::CancelPending,
                E::Cancelled,
            ) => Ok(S::Cancelled),
            (S::Pending | S::Accepted | S::PartiallyFilled | S::CancelPending, E::Expired) => {
                Ok(S::Expired)
            }
            (S::Accepted, E::Modified) => Ok(S::Accepted),
            (S::PartiallyFilled, E::Modified) => Ok(S::PartiallyFilled),
            (from, event) => Err(IllegalMove { from, event }),
        }
    }

    /// Whether nothing can happen to the order any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled | Self::Rejected | Self::Expired)
    }

    /// The state as it stands in files: `partially_filled`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initialized => "initialized",
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::PartiallyFilled => "partially_filled",
            Self::Filled => "filled",
            Self::CancelPending => "cancel_pending",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for OrderState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [OrderEvent; 9] = [
        OrderEvent::Submitted,
        OrderEvent::Accepted,
        OrderEvent::Rejected,
        OrderEvent::PartFilled,
        OrderEvent::Filled,
        OrderEvent::CancelSent,
        OrderEvent::Cancelled,
        OrderEvent::Expired,
        OrderEvent::Modified,
    ];

    /// Rows in the order of `OrderState::ALL`, columns in the order of `EVENTS`; `-` is illegal.
    const TABLE: [&str; 9] = [
        "pending  -        rejected -                -      -              cancelled - -",
        "-        accepted rejected partially_filled filled cancel_pending cancelled expired -",
        "-        -        -        partially_filled filled cancel_pending cancelled expired accepted",
        "-        -        -        partially_filled filled cancel_pending cancelled expired partially_filled",
        "-        -        -        -                -      -              -         - -",
        "-        -        -        cancel_pending   filled -              cancelled expired -",
        "-        -        -        -                -      -              -         - -",
        "-        -        -        -                -      -              -         - -",
        "-        -        -        -                -      -              -         - -",
    ];

    #[test]
    fn every_pair_of_state_and_event_is_as_the_table_says() {
        for (from, row) in OrderState::ALL.into_iter().zip(TABLE) {
            for (event, expected) in EVENTS.into_iter().zip(row.split_whitespace()) {
                let text = from.on(event).map_or("-", OrderState::as_str);
                assert_eq!(text, expected, "{from} on {event:?}");
                assert_eq!(from.on(event).is_err(), expected == "-");
            }
        }
    }

    #[test]
    fn final_states_have_no_way_out() {
        for state in OrderState::ALL {
            let stuck = EVENTS.into_iter().all(|event| state.on(event).is_err());
            assert_eq!(state.is_final(), stuck, "{state}");
        }
    }

    #[test]
    fn an_illegal_move_names_state_and_event() {
        let refused = OrderState::Filled.on(OrderEvent::Cancelled).unwrap_err();
        assert_eq!(refused.to_string(), "an order that is `filled` cannot be `Cancelled`");
    }
}
