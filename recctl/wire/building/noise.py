"""Keys of replies that hold no answer, and why: those that several protocols share."""

from __future__ import annotations

OPENAI_NOISE = {
    "x_groq": "holds an id and the usage",
    "time_info": "durations",
    "timings": "durations",
    "content_filter_results": "a filter's numbers; what it holds back shows in the finish reason",
    "prompt_filter_results": "a filter's numbers; what it refuses is an error",
}
"""What those add who copy OpenAI's completions: Groq, Cerebras, llama.cpp, Azure."""

BEDROCK_NOISE = {
    "amazon-bedrock-invocationMetrics": "counts of tokens, and durations",
    "guardrailProcessingLatency": "a duration",
    "metrics": "durations",
}
OLLAMA_DURATIONS = dict.fromkeys(
    ("eval_duration", "load_duration", "prompt_eval_duration", "total_duration"), "a duration"
)
TIMES = {
    **dict.fromkeys(
        (
            *("cancelled_at", "cancelling_at", "completed_at", "deleted_at", "ended_at", "expired_at"),
            *("failed_at", "finalizing_at", "finished_at", "in_progress_at", "last_active_at", "started_at"),
            *("createTime", "create_time", "endTime", "expireTime", "expire_time", "updateTime"),
        ),
        "a time",
    ),
}
"""When something happened to what an API keeps: to a job, a file, a run."""

OBJECT_NOISE = {
    **TIMES,
    **dict.fromkeys(
        (
            *("assistant_id", "batch_id", "container_id", "error_file", "error_file_id", "first_id"),
            *("input_file_id", "input_files", "last_id", "message_id", "output_file", "output_file_id"),
            *("run_id", "step_id", "thread_id", "vector_store_id"),
        ),
        "the id of something else that was made up, too",
    ),
}
"""What differs of objects that an API keeps though they are alike: times, and ids of other objects."""

GEMINI_NOISE = {
    "earlier_usage": "counts of tokens",
    "response_id": "made up for each reply",
    "sdk_http_response": "headers of HTTP",
    "usage_metadata": "counts of tokens",
}
