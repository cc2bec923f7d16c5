//! Places where the grammar decides between readings.
