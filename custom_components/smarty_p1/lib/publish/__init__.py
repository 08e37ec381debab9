"""MQTT messages about a meter: topics and payloads, also for Home Assistant's discovery.

    messages = MeterMessages(Published("smarty_p1/house", Format.VALUES), json.dumps)
    for message in messages.reading(reading, reception):
        client.publish(message.topic, message.payload, retain=message.retain)

A program that runs all the time takes its messages from `PublishFeed`, which yields each message
when it is due. `RetainedMessages` says which retained messages to repair or to delete, because
another program may publish the same meter. `ConnectionMessage` tells the connection to the meter,
which needs no reading. The package itself sends nothing.

Public modules: connection_message, mqtt_discovery, mqtt_messages, publish_feed, publish_format,
retained_messages, topics.
"""
